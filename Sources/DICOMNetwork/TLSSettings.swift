/// What a node shows to its peers under TLS, and whom it trusts. Files are in PEM.
public struct TLSSettings: Sendable, Hashable, Codable {
  public enum Verification: String, Sendable, Hashable, Codable, CaseIterable {
    /// An authority has signed the peer's certificate, and a server's names the host.
    case full
    /// An authority has signed it, whoever it names.
    case authority
    /// Anybody will do.
    case none
  }

  /// A server must have one; with all that its authority has signed on the way, the own first.
  public var certificate: String?
  /// By default in the certificate's file.
  public var key: String?
  /// None: those of the system.
  public var authorities: [String]
  public var verification: Verification

  public init(
    certificate: String? = nil, key: String? = nil, authorities: [String] = [],
    verification: Verification = .full
  ) {
    self.certificate = certificate
    self.key = key
    self.authorities = authorities
    self.verification = verification
  }

  /// The files that it is read from.
  public var files: [String] { [certificate, key].compactMap { $0 } + authorities }
}
