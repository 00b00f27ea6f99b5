/// What the UIDs of a result object depend on, beside its source: the same picture, model and configuration give
/// the same UIDs, so that a rerun can't create a duplicate under a new identity.
public struct ResultIdentity: Sendable, Hashable {
  /// Kind of object, such as "overlay" or "segmentation".
  public let objectKind: String
  /// SHA-256 of the model file, hexadecimal.
  public let modelSHA256: String
  /// Digest of whatever configuration shapes the result, hexadecimal.
  public let configurationDigest: String

  public init(objectKind: String, modelSHA256: String, configurationDigest: String) {
    self.objectKind = objectKind
    self.modelSHA256 = modelSHA256
    self.configurationDigest = configurationDigest
  }

  /// SOP Instance UID of the result for one source image.
  public func sopInstanceUID(source: UID) -> UID { derive("instance", source) }

  /// Series Instance UID of the result: one series for each source image and SOP class.
  public func seriesInstanceUID(source: UID) -> UID { derive("series", source) }

  /// Any further UID that the object needs (dimension organisation, tracking ...), told apart by `role`.
  public func uid(_ role: String, source: UID) -> UID { derive(role, source) }

  private func derive(_ role: String, _ source: UID) -> UID {
    UID.derived(from: [source.string, objectKind, modelSHA256, configurationDigest, role])
  }
}
