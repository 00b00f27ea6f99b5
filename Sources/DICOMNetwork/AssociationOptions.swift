/// How an association is asked for, and how long what may take.
public struct AssociationOptions: Sendable, Hashable, Codable {
  /// What this side calls itself.
  public var callingAETitle: String
  /// For addresses that use TLS.
  public var tls: TLSSettings
  /// For the connection, and from then on for TLS and the negotiation together.
  public var connectSeconds: Double
  /// From the end of a request to its answer; and each PDU (at most 128 KiB) must be through within this time.
  public var answerSeconds: Double

  public init(
    callingAETitle: String = "MMDICOM", tls: TLSSettings = TLSSettings(), connectSeconds: Double = 10,
    answerSeconds: Double = 30
  ) {
    self.callingAETitle = callingAETitle
    self.tls = tls
    self.connectSeconds = connectSeconds
    self.answerSeconds = answerSeconds
  }

  /// What this side takes, the most that dcmnet can.
  package static let maximumPDU: UInt32 = 128 << 10
}
