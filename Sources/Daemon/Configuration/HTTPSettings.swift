import Files
package import FoundationEssentials
import Glibc
package import StatusPage
import SystemPackage

/// Where and how health, metrics and the status page are served.
package struct HTTPSettings: Sendable, Equatable {
  package var address: HTTPAddress
  /// A file that holds the token.
  package var tokenFile: URL?
  package var certificate: PageServer.Certificate?

  package init(address: HTTPAddress, tokenFile: URL? = nil, certificate: PageServer.Certificate? = nil) {
    (self.address, self.tokenFile, self.certificate) = (address, tokenFile, certificate)
  }

  /// What is missing for an address that others reach; nil when nothing is.
  package func obstacle(isLoopback: Bool) -> String? {
    guard !isLoopback, tokenFile == nil || certificate == nil else { return nil }
    let missing = [
      tokenFile == nil ? "http_token_file" : nil, certificate == nil ? "http_certificate and http_key" : nil,
    ].compactMap(\.self)
    return
      "http: \(address) can be reached from other machines: \(missing.joined(separator: ", and ")) must be set"
  }

  /// The token: the file's first line, of 16 characters or more.
  /// - Throws: ``ConfigurationFailure`` when it can't be read, is too short, or others may read the file.
  package func token() throws(ConfigurationFailure) -> String? {
    guard let tokenFile else { return nil }
    let path = FilePath(of: tokenFile)
    guard let status = path.status(followingLink: true) else {
      throw ConfigurationFailure("http_token_file: \(tokenFile.path): no such file", isMissing: true)
    }
    guard status.st_mode & 0o007 == 0 else {
      throw ConfigurationFailure(
        "http_token_file: \(tokenFile.path): everybody may read it; chmod 640 and chgrp mmdicom")
    }
    guard let text = try? String(contentsOf: tokenFile, encoding: .utf8) else {
      throw ConfigurationFailure("http_token_file: \(tokenFile.path): can't be read")
    }
    let token = text.prefix { !$0.isNewline }
    guard token.utf8.count >= PageAccess.shortestToken, token.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
      throw ConfigurationFailure(
        "http_token_file: \(tokenFile.path): its first line must be \(PageAccess.shortestToken) visible "
          + "characters or more, such as openssl rand -hex 24 writes")
    }
    return String(token)
  }
}

extension ConfigurationValues {
  /// What the configuration says of HTTP; nil where that is served nowhere.
  func httpSettings() throws(ConfigurationFailure) -> HTTPSettings? {
    let chain = try folder("http_certificate")
    let key = try folder("http_key")
    let tokenFile = try folder("http_token_file")
    guard let text = try text("http") else { return nil }
    guard let address = HTTPAddress(text) else {
      throw failure("http", "is '\(text)'; it must be ADDRESS:PORT, such as 127.0.0.1:8042 or [::1]:8042")
    }
    guard (chain == nil) == (key == nil) else {
      throw failure(chain == nil ? "http_certificate" : "http_key", "is missing; both are needed for TLS")
    }
    var settings = HTTPSettings(address: address, tokenFile: tokenFile)
    if let chain, let key { settings.certificate = .init(chain: chain.path, key: key.path) }
    if let obstacle = settings.obstacle(isLoopback: address.isLoopback) {
      throw ConfigurationFailure("\(place(of: "http")): \(obstacle)")
    }
    return settings
  }
}
