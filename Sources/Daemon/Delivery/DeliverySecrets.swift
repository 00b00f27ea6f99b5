package import DICOMNetwork
import Files
import FoundationEssentials
import Glibc
import SystemPackage

/// What DICOMweb servers ask for, by the name of the destination. Nothing of it is ever written anywhere.
package struct DeliverySecrets: Sendable, Equatable {
  private var credentials: [String: DICOMwebEndpoint.Credentials] = [:]

  package subscript(_ destination: String) -> DICOMwebEndpoint.Credentials? { credentials[destination] }

  /// Reads the file that the settings name: one line for each destination, `NAME basic USER PASSWORD` or
  /// `NAME bearer TOKEN`; empty lines, and those that begin with #, say nothing.
  /// - Throws: ``ConfigurationFailure`` that names file and line, and nothing that stands there.
  package init(_ settings: DeliverySettings) throws(ConfigurationFailure) {
    guard let file = settings.secrets else { return }
    let path = FilePath(of: file)
    guard let status = path.status(followingLink: true) else {
      throw ConfigurationFailure("delivery_secrets: \(file.path): no such file")
    }
    guard status.st_mode & 0o007 == 0 else {
      throw ConfigurationFailure(
        "delivery_secrets: \(file.path): everybody may use it; chmod 640 it, and chgrp it to the daemon's group"
      )
    }
    guard let text = try? String(contentsOf: file, encoding: .utf8) else {
      throw ConfigurationFailure("delivery_secrets: \(file.path): can't be read")
    }
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let fields = line.split(separator: " ", maxSplits: 3).map(String.init)
      guard let name = fields.first, !name.hasPrefix("#") else { continue }
      func failure(_ problem: String) -> ConfigurationFailure {
        ConfigurationFailure("delivery_secrets: \(file.path):\(index + 1): \(problem)")
      }
      guard let destination = settings.destinations.first(where: { $0.name == name }) else {
        throw failure("there is no destination of that name")
      }
      guard case .web(let url) = destination.address else {
        throw failure("\(name) is a DICOM address, which takes no password")
      }
      guard url.hasPrefix("https://") || Self.isOwn(url) else {
        throw failure("\(name) is reached without TLS: a password for it would be read on the way")
      }
      switch (fields.dropFirst().first, fields.count) {
      case ("basic", 4) where !fields[2].contains(":"):
        credentials[name] = .basic(user: fields[2], password: fields[3])
      case ("bearer", 3): credentials[name] = .bearer(fields[2])
      default: throw failure("it takes NAME basic USER PASSWORD, or NAME bearer TOKEN")
      }
    }
  }

  /// On this machine nobody else reads it on the way.
  private static func isOwn(_ url: String) -> Bool {
    ["localhost", "127.0.0.1", "::1", "[::1]"].contains(URL(string: url)?.host ?? "")
  }
}
