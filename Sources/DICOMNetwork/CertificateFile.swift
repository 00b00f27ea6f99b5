import NIOSSL

/// Certificates and keys in PEM, looked at before anybody is called or listened to.
package enum CertificateFile {
  /// Seconds since 1970 at which the first and the last of a file's certificates end.
  /// - Throws: ``PeerTrouble`` when it can't be used.
  package static func ends(_ file: String) throws(PeerTrouble) -> ClosedRange<Int> {
    let ends = try TLSSettings.read(file) { try NIOSSLCertificate.fromPEMFile($0) }.map(\.notValidAfter)
    guard let first = ends.min(), let last = ends.max() else {
      throw PeerTrouble("\(file): holds no certificate")
    }
    return Int(first)...Int(last)
  }

  /// Whether a key opens without a pass phrase, and is that of the file's first certificate.
  /// - Throws: ``PeerTrouble`` that says why not.
  package static func requireKey(_ key: String, of certificate: String) throws(PeerTrouble) {
    let chain = try TLSSettings.read(certificate) { try NIOSSLCertificate.fromPEMFile($0) }
    let privateKey = try TLSSettings.read(key) { try NIOSSLPrivateKey(file: $0, format: .pem) }
    do {
      _ = try NIOSSLContext(
        configuration: .makeServerConfiguration(
          certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey)))
    } catch { throw PeerTrouble("\(key): isn't the key of \(certificate)") }
  }
}
