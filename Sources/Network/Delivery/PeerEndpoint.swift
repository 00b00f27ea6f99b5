/// A destination as a sender is told of it, over its pipe: with the credentials.
package enum PeerEndpoint: Sendable, Hashable, Codable {
  case web(DICOMwebEndpoint)
  case dicom(DICOMEndpoint)

  /// What brings objects there.
  /// - Throws: ``PeerTrouble`` when the settings can't be used.
  package func sender() throws -> any ObjectSender {
    switch self {
    case .web(let endpoint): try STOWSender(endpoint)
    case .dicom(let endpoint): throw PeerTrouble("\(endpoint.address): DICOM isn't spoken yet")
    }
  }
}

/// A DICOM node that takes objects, and how it is talked to.
package struct DICOMEndpoint: Sendable, Hashable, Codable {
  package var address: DICOMAddress
  package var callingAETitle: String
  package var tls = TLSSettings()
  /// Seconds to connect, and to wait for the next sign of life.
  package var connectSeconds = 10.0
  package var answerSeconds = 60.0

  package init(_ address: DICOMAddress, callingAETitle: String) {
    self.address = address
    self.callingAETitle = callingAETitle
  }
}
