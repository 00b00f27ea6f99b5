package import FoundationEssentials

/// Who is told of what happens, and how much.
public struct NotificationSettings: Sendable, Equatable {
  /// What is told of.
  package enum Event: String, Sendable, CaseIterable, Codable {
    /// An image was read, or is none for this network.
    case result
    /// A file can't be used, or waits for a person.
    case rejection
    /// A part of the work should have been heard of by now, or is heard of again.
    case stall
    /// A part of the work stops for a cause outside, or goes on again.
    case breaker
  }

  /// What a notice says of whose image it is.
  package enum Identity: String, Sendable, CaseIterable {
    /// The tag that log and ledger call the file by.
    case none
    /// Also the image's UIDs.
    case uids
    /// Also patient ID, accession number and study date.
    case all
  }

  /// Somebody who is told.
  package struct Target: Sendable, Equatable {
    package enum Address: Sendable, Equatable {
      /// Notices are posted there.
      case web(String)
      /// A program of this machine, which gets a notice on its standard input.
      case command(String)
    }

    package let name: String
    package let address: Address
  }

  package var targets: [Target] = []
  package var events = Set(Event.allCases)
  package var identity = Identity.uids
  /// The file with the keys that notices are signed with.
  package var secrets: URL?

  public init() {}

  /// Keys by the targets' names, from lines `NAME KEY`; empty lines, and those that begin with #, say nothing.
  /// - Throws: ``ConfigurationFailure`` that names file and line, and nothing that stands there.
  package func keys() throws(ConfigurationFailure) -> [String: String] {
    guard let file = secrets else { return [:] }
    var keys: [String: String] = [:]
    for line in try SecretsFile(file, key: "notify_secrets").lines {
      let fields = line.text.split(separator: " ").map(String.init)
      let name = fields[0]
      guard targets.contains(where: { $0.name == name }) else {
        throw line.failure("nobody of that name is told")
      }
      guard fields.count == 2, fields[1].utf8.count >= 16 else {
        throw line.failure(
          "it takes NAME KEY, a key of 16 characters or more, such as openssl rand -hex 32 writes")
      }
      keys[name] = fields[1]
    }
    return keys
  }
}

extension ConfigurationValues {
  /// What the configuration says of notices.
  func notificationSettings() throws(ConfigurationFailure) -> NotificationSettings {
    var settings = NotificationSettings()
    let form = "NAME=https://HOST/PATH or NAME=command:/PATH"
    for entry in try namedValues("notify", form: form, most: 16) {
      settings.targets.append(try notificationTarget(entry.name, at: entry.value))
    }
    if let names = try names("notify_on") {
      settings.events = []
      for name in names {
        guard let event = NotificationSettings.Event(rawValue: name) else {
          let known = NotificationSettings.Event.allCases.map(\.rawValue).joined(separator: ", ")
          throw failure("notify_on", "holds '\(name)'; it takes \(known)")
        }
        settings.events.insert(event)
      }
    }
    settings.identity = try choice("notify_identity") ?? settings.identity
    settings.secrets = try folder("notify_secrets")
    _ = try settings.keys()
    return settings
  }

  /// `https://HOST/PATH`, `command:/PATH`.
  private func notificationTarget(
    _ name: String, at address: String
  ) throws(ConfigurationFailure) -> NotificationSettings.Target {
    if let path = address.hasPrefix("command:") ? String(address.dropFirst(8)) : nil {
      guard path.hasPrefix("/"), !path.contains("\u{0}") else {
        throw failure("notify", "has \(name) run '\(path)'; it takes the whole path of a program")
      }
      return .init(name: name, address: .command(path))
    }
    guard address.hasPrefix("https://") || address.hasPrefix("http://"), let url = URL(string: address),
      let host = url.host, !host.isEmpty, url.user == nil, url.password == nil
    else {
      throw failure(
        "notify",
        "tells \(name) at '\(ShownAddress.of(address, hidesPath: true))'; it takes https://HOST/PATH, http://HOST/PATH or command:/PATH"
      )
    }
    return .init(name: name, address: .web(address))
  }
}
