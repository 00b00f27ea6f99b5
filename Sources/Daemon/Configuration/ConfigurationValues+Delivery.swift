import DICOMNetwork
import FoundationEssentials

extension ConfigurationValues {
  /// What the configuration says of destinations.
  func deliverySettings() throws(ConfigurationFailure) -> DeliverySettings {
    var settings = DeliverySettings()
    for entry in try namedValues("destinations", form: "NAME=ADDRESS", most: 32) {
      settings.destinations.append(try destination(entry.name, at: entry.value))
    }
    for text in try list("delivery_rules") ?? [] {
      let name: String
      let rule: DeliveryRule
      do { (name, rule) = try DeliveryRule.parse(text) } catch {
        throw failure("delivery_rules", "'\(text)' \(error.description)")
      }
      try change(name, of: &settings, in: "delivery_rules") { $0.rules.append(rule) }
    }
    for name in try list("delivery_commitment") ?? [] {
      try change(name, of: &settings, in: "delivery_commitment") { $0.wantsCommitment = true }
      if let destination = settings.destinations.first(where: { $0.name == name }),
        case .web = destination.address
      {
        throw failure("delivery_commitment", "names '\(name)', and DICOMweb knows no storage commitment")
      }
      if let destination = settings.destinations.first(where: { $0.name == name }),
        case .mllp = destination.address
      {
        throw failure("delivery_commitment", "names '\(name)', and HL7 knows no storage commitment")
      }
    }
    settings.secrets = try folder("delivery_secrets")
    settings.answerTime = try seconds("delivery_seconds", in: 1...3600) ?? settings.answerTime
    settings.commitmentTime =
      try seconds("delivery_commitment_seconds", in: 1...604_800) ?? settings.commitmentTime
    return settings
  }

  private func change(
    _ name: String, of settings: inout DeliverySettings, in key: String, _ body: (inout Destination) -> Void
  ) throws(ConfigurationFailure) {
    guard let index = settings.destinations.firstIndex(where: { $0.name == name }) else {
      let known = settings.destinations.map(\.name)
      let similar = SimilarName.of(name, among: known).map { "; did you mean \($0)?" }
      throw failure(
        key,
        "names '\(name)'\(similar ?? (known.isEmpty ? ", and there are no destinations" : "; destinations are \(known.joined(separator: ", "))"))"
      )
    }
    body(&settings.destinations[index])
  }

  /// `dicom://AETITLE@HOST:PORT`, `https://HOST/dicom-web/studies` and so on.
  private func destination(
    _ name: String, at address: String
  ) throws(ConfigurationFailure) -> Destination {
    if address.hasPrefix("http://") || address.hasPrefix("https://") {
      return Destination(name: name, address: .web(try webAddress(address, of: name)))
    }
    if address.hasPrefix("mllp") {
      guard let endpoint = MLLPEndpoint(address) else {
        throw refusal(of: address, for: name, "; it takes mllp://HOST:PORT or mllps://HOST:PORT")
      }
      return Destination(name: name, address: .mllp(endpoint))
    }
    guard address.hasPrefix("dicom") else {
      throw refusal(
        of: address, for: name,
        "; an address begins with dicom://, dicom-tls://, https://, http://, mllp:// or mllps://")
    }
    do { return Destination(name: name, address: .dicom(try DICOMAddress(address))) } catch {
      throw failure("destinations", "sends \(name) to \(error.description)")
    }
  }

  private func webAddress(_ text: String, of name: String) throws(ConfigurationFailure) -> String {
    guard let url = URL(string: text), let host = url.host, !host.isEmpty else {
      throw refusal(of: text, for: name, ", which names no host")
    }
    guard url.user == nil, url.password == nil else {
      throw failure(
        "destinations", "holds a password in the address of \(name): put it into delivery_secrets")
    }
    guard url.query == nil, url.fragment == nil else {
      throw failure("destinations", "sends \(name) to an address with ? or #; it ends with /studies")
    }
    guard text.hasSuffix("/studies") else {
      throw refusal(of: text, for: name, "; the address of a DICOMweb server ends with /studies")
    }
    return text
  }

  private func refusal(of address: String, for name: String, _ why: String) -> ConfigurationFailure {
    failure("destinations", "sends \(name) to '\(ShownAddress.of(address, hidesPath: false))'\(why)")
  }
}
