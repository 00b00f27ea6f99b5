import NIOSSL

extension TLSSettings {
  /// The same for connections that this program opens.
  /// - Throws: ``PeerTrouble`` that names the file that can't be used.
  func clientConfiguration() throws(PeerTrouble) -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.certificateVerification =
      switch verification {
      case .full: .fullVerification
      case .authority: .noHostnameVerification
      case .none: .none
      }
    if !authorities.isEmpty {
      var certificates: [NIOSSLCertificate] = []
      for file in authorities {
        certificates += try Self.read(file) { try NIOSSLCertificate.fromPEMFile($0) }
      }
      configuration.trustRoots = .certificates(certificates)
    }
    guard let certificate else { return configuration }
    configuration.certificateChain = try Self.read(certificate) { file in
      try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) }
    }
    configuration.privateKey = .privateKey(
      try Self.read(key ?? certificate) { try NIOSSLPrivateKey(file: $0, format: .pem) })
    return configuration
  }

  static func read<Value>(
    _ file: String, _ body: (String) throws -> Value
  ) throws(PeerTrouble) -> Value {
    do { return try body(file) } catch { throw PeerTrouble("\(file): can't be used for TLS (\(error))") }
  }
}
