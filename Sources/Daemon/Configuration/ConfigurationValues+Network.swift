import DICOMNetwork
import FoundationEssentials

/// What this node is to others of the network.
extension ConfigurationValues {
  func aeTitle() throws(ConfigurationFailure) -> String? {
    guard let title = try text("ae_title") else { return nil }
    guard DICOMAddress.isAETitle(title) else {
      throw failure("ae_title", "is '\(title)'; it must be 1 to 16 characters, without a backslash")
    }
    return title
  }

  func tlsSettings() throws(ConfigurationFailure) -> TLSSettings {
    var settings = TLSSettings()
    settings.certificate = try folder("tls_certificate")?.path
    settings.key = try folder("tls_key")?.path
    if settings.key != nil, settings.certificate == nil {
      throw failure("tls_key", "is there without tls_certificate")
    }
    settings.authorities = try list("tls_authorities") ?? []
    if let text = try text("tls_verify") {
      guard let known = TLSSettings.Verification(rawValue: text) else {
        let names = TLSSettings.Verification.allCases.map(\.rawValue).joined(separator: ", ")
        throw failure("tls_verify", "is '\(text)'; it must be one of \(names)")
      }
      settings.verification = known
    }
    return settings
  }
}
