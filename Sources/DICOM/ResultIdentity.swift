/// What the UIDs of a result object depend on, beside its source: the same picture, model and configuration give
/// the same UIDs, so that a rerun can't create a duplicate under a new identity.
public struct ResultIdentity: Sendable, Hashable {
  /// Kind of object, such as "overlay" or "segmentation".
  public let objectKind: String
  /// SHA-256 of the model file, hexadecimal.
  public let modelSHA256: String
  /// Digest of whatever configuration shapes the result, hexadecimal.
  public let configurationDigest: String
  /// Digest of the source's content, which tells images under one UID apart; empty where the UID alone counts.
  public let content: String
  /// The results that this one may take the place of, the latest first; UIDs don't depend on them. Of a result that is
  /// made again with the same UID, the one before counts.
  public let replaced: [ReplacedObject]

  public init(
    objectKind: String, modelSHA256: String, configurationDigest: String, content: String = "",
    replaced: [ReplacedObject] = []
  ) {
    self.objectKind = objectKind
    self.modelSHA256 = modelSHA256
    self.configurationDigest = configurationDigest
    self.content = content
    self.replaced = replaced
  }

  /// The result that the one for `source` takes the place of.
  public func replacedObject(source: UID) -> ReplacedObject? {
    let own = sopInstanceUID(source: source)
    guard let index = replaced.firstIndex(where: { $0.sopInstanceUID == own }) else { return replaced.first }
    return replaced[index...].first { $0.sopInstanceUID != own }
  }

  /// SOP Instance UID of the result for one source image.
  public func sopInstanceUID(source: UID) -> UID { uid("instance", source: source) }

  /// Series Instance UID: one series for each study and kind of object of one model. All objects of a series must
  /// agree in what they say of it: `attributes` is what they take over from their sources.
  func seriesInstanceUID(study: String, attributes: [UInt8]) -> UID {
    UID.derived(from: [
      study, objectKind, modelSHA256, configurationDigest, "series",
      attributes.map { String($0, radix: 16) }.joined(separator: " "),
    ])
  }

  /// Any further UID that the object needs (dimension organisation, tracking ...), told apart by `role`.
  public func uid(_ role: String, source: UID) -> UID {
    UID.derived(from: [source.string, objectKind, modelSHA256, configurationDigest, content, role])
  }
}
