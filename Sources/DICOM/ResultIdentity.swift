/// What the UIDs of a result object depend on, beside its source: the same picture, model and configuration give
/// the same UIDs, so that a rerun can't create a duplicate under a new identity.
public struct ResultIdentity: Sendable, Hashable {
  /// Kind of object, such as "overlay" or "segmentation".
  public let objectKind: String
  /// SHA-256 of the model file, hexadecimal.
  public let modelSHA256: String
  /// Digest of whatever configuration shapes the result, hexadecimal.
  public let configurationDigest: String
  /// The results that this one may take the place of, the latest first; UIDs don't depend on them. Of a result that is
  /// made again with the same UID, the one before counts.
  public let replaced: [ReplacedObject]

  public init(
    objectKind: String, modelSHA256: String, configurationDigest: String, replaced: [ReplacedObject] = []
  ) {
    self.objectKind = objectKind
    self.modelSHA256 = modelSHA256
    self.configurationDigest = configurationDigest
    self.replaced = replaced
  }

  /// The result that the one for `source` takes the place of.
  public func replacedObject(source: UID) -> ReplacedObject? {
    let own = sopInstanceUID(source: source)
    let index = replaced.firstIndex { $0.sopInstanceUID == own }
    return index.map { replaced.dropFirst($0 + 1).first } ?? replaced.first
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
