import DICOMNetwork
import FoundationEssentials

extension ConfigurationValues {
  /// What is taken in from the network; nil where nothing is.
  func reception(_ tls: TLSSettings) throws(ConfigurationFailure) -> ReceptionSettings? {
    guard let text = try text("receive") else { return nil }
    let address: DICOMAddress
    do throws(DICOMAddressError) { address = try DICOMAddress(text) } catch {
      throw failure("receive", ": \(error.description)")
    }
    var settings = ReceptionSettings(address: address)
    if address.usesTLS {
      guard tls.certificate != nil else {
        throw failure("receive", "asks for TLS, which needs tls_certificate")
      }
      // For a server's name those of the system will do; who may call isn't theirs to say.
      guard !tls.authorities.isEmpty || tls.verification == .none else {
        throw failure(
          "receive",
          "asks for TLS, and without tls_authorities whoever has a certificate of any public authority would be let in: name those that sign your nodes', or write tls_verify: none"
        )
      }
      settings.tls = tls
    }
    settings.callers = try names("receive_from") ?? []
    if let title = settings.callers.first(where: { !DICOMAddress.isAETitle($0) }) {
      throw failure("receive_from", "holds '\(title)', which is no AE title")
    }
    for text in try names("receive_addresses") ?? [] {
      guard let range = AddressRange(text) else {
        throw failure("receive_addresses", "holds '\(text)'; it takes 192.168.10.7 or 192.168.10.0/24")
      }
      settings.networks.append(range)
    }
    settings.objects = try choice("receive_objects") ?? settings.objects
    settings.associations = try integer("receive_associations", in: 1...256) ?? settings.associations
    settings.stallSeconds = try number("receive_timeout_seconds", in: 1...600) ?? settings.stallSeconds
    settings.idleSeconds = try number("receive_idle_seconds", in: 1...86400) ?? settings.idleSeconds
    if let megabytes = try integer("receive_object_mb", in: 1...4095) {
      settings.objectBytes = megabytes << 20
    }
    return settings
  }
}
