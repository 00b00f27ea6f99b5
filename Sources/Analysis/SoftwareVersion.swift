/// This program.
public enum SoftwareVersion {
  /// Semantic version, as written into every result object.
  public static let current = "0.1.0"
}
