// Service classes that are no storage (PS3.4 annexes A and J).
extension UID {
  public static let verification = UID(constant: "1.2.840.10008.1.1")
  public static let storageCommitmentPushModel = UID(constant: "1.2.840.10008.1.20.1")
  /// The one instance of that class (PS3.4 section J.3.5).
  public static let storageCommitmentPushModelInstance = UID(constant: "1.2.840.10008.1.20.1.1")

  /// Whether objects of this class may be stored: one of the standard's storage classes, or a private class.
  public var mayBeStorage: Bool {
    string.hasPrefix("1.2.840.10008.5.1.4.1.1.") || !string.hasPrefix("1.2.840.10008.")
  }
}
