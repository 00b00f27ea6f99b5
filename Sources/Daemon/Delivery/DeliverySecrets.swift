package import DICOMNetwork
import FoundationEssentials

/// What DICOMweb servers ask for, by the name of the destination. Nothing of it is ever written anywhere.
package struct DeliverySecrets: Sendable, Equatable {
  private var credentials: [String: DICOMwebEndpoint.Credentials] = [:]

  package subscript(_ destination: String) -> DICOMwebEndpoint.Credentials? { credentials[destination] }

  /// Reads the file that the settings name: one line for each destination, `NAME basic USER PASSWORD` or
  /// `NAME bearer TOKEN`; empty lines, and those that begin with #, say nothing.
  /// - Throws: ``ConfigurationFailure`` that names file and line, and nothing that stands there.
  package init(_ settings: DeliverySettings) throws(ConfigurationFailure) {
    guard let file = settings.secrets else { return }
    for line in try SecretsFile(file, key: "delivery_secrets").lines {
      let fields = line.text.split(separator: " ", maxSplits: 3).map(String.init)
      let name = fields[0]
      guard let destination = settings.destinations.first(where: { $0.name == name }) else {
        throw line.failure("there is no destination of that name")
      }
      guard case .web(let url) = destination.address else {
        throw line.failure("\(name) is a DICOM address, which takes no password")
      }
      guard url.hasPrefix("https://") || Self.isOwn(url) else {
        throw line.failure("\(name) is reached without TLS: a password for it would be read on the way")
      }
      switch (fields.dropFirst().first, fields.count) {
      case ("basic", 4) where !fields[2].contains(":"):
        credentials[name] = .basic(user: fields[2], password: fields[3])
      case ("bearer", 3): credentials[name] = .bearer(fields[2])
      default: throw line.failure("it takes NAME basic USER PASSWORD, or NAME bearer TOKEN")
      }
    }
  }

  /// On this machine nobody else reads it on the way.
  private static func isOwn(_ url: String) -> Bool {
    ["localhost", "127.0.0.1", "::1", "[::1]"].contains(URL(string: url)?.host ?? "")
  }
}
