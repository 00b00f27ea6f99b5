/// A destination as a sender is told of it, over its pipe: with the credentials.
package enum PeerEndpoint: Sendable, Hashable, Codable {
  case web(DICOMwebEndpoint)
  case dicom(DICOMEndpoint)
  case mllp(MLLPEndpoint)
  case webhook(WebhookEndpoint)

  /// What brings objects there.
  /// - Throws: ``PeerTrouble`` when the settings can't be used.
  package func sender() throws -> any ObjectSender {
    switch self {
    case .web(let endpoint): try STOWSender(endpoint)
    case .dicom(let endpoint): StoreSender(endpoint)
    case .mllp(let endpoint): try MLLPSender(endpoint)
    case .webhook(let endpoint): try WebhookSender(endpoint)
    }
  }
}

/// A DICOM node that takes objects, and how it is talked to.
package struct DICOMEndpoint: Sendable, Hashable, Codable {
  package var address: DICOMAddress
  package var options: AssociationOptions
  /// Whether it is asked to keep what it took.
  package var wantsCommitment = false
  /// How long its answer to that is waited for on the same association; it may come on another later.
  package var commitmentSeconds = 10.0

  package init(_ address: DICOMAddress, _ options: AssociationOptions) {
    self.address = address
    self.options = options
  }
}
