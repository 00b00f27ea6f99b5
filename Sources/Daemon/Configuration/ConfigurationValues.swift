import Configuration
import FoundationEssentials

/// Typed access to a configuration that never takes a wrong value for an absent one: the library's own typed
/// getters would fall back to the default.
struct ConfigurationValues {
  /// The first that has a value wins.
  private let providers: [any ConfigProvider]
  private let name: String
  private let environment: [String: String]

  /// - Parameter name: of the file, for what the environment doesn't override.
  init(_ providers: [any ConfigProvider], name: String, environment: [String: String]) {
    self.providers = providers
    self.name = name
    self.environment = environment
  }

  /// Where a key's value comes from: the variable, or the file.
  func place(of key: String) -> String {
    let variable = EnvironmentVariables.name(ofKey: key)
    return environment[variable] == nil ? name : "environment variable \(variable)"
  }

  private func content(_ key: String, _ type: ConfigType) throws -> ConfigContent? {
    for provider in providers {
      if let value = try provider.value(forKey: AbsoluteConfigKey([key]), type: type).value {
        return value.content
      }
    }
    return nil
  }

  func failure(_ key: String, _ problem: String) -> ConfigurationFailure {
    ConfigurationFailure("\(place(of: key)): \(key) \(problem)")
  }

  /// Nil when absent or empty.
  func text(_ key: String) throws(ConfigurationFailure) -> String? {
    let content: ConfigContent?
    do { content = try self.content(key, .string) } catch { throw failure(key, "must be a single value") }
    guard case .string(let text) = content else { return nil }
    // "key:" without a value is YAML's null.
    return text.isEmpty || text == "null" || text == "~" ? nil : text
  }

  func folder(_ key: String) throws(ConfigurationFailure) -> URL? {
    try text(key).map { URL(filePath: $0).absoluteURL.standardizedFileURL }
  }

  func requiredFolder(_ key: String) throws(ConfigurationFailure) -> URL {
    guard let folder = try folder(key) else { throw failure(key, "is missing; it has no default") }
    return folder
  }

  func flag(_ key: String) throws(ConfigurationFailure) -> Bool? {
    guard let text = try text(key) else { return nil }
    switch text.lowercased() {
    case "true", "yes", "on", "1": return true
    case "false", "no", "off", "0": return false
    default: throw failure(key, "is '\(text)'; it must be true or false")
    }
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationFailure) -> Int? {
    guard let text = try text(key) else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw failure(
        key, "is '\(text)'; it must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func seconds(_ key: String, in range: ClosedRange<Double>) throws(ConfigurationFailure) -> Duration? {
    guard let text = try text(key) else { return nil }
    guard let value = Double(text), range.contains(value) else {
      throw failure(
        key, "is '\(text)'; it must be a number of seconds from \(range.lowerBound) to \(range.upperBound)")
    }
    return .seconds(value)
  }

  func number(_ key: String, in range: ClosedRange<Double>) throws(ConfigurationFailure) -> Double? {
    guard let text = try text(key) else { return nil }
    guard let value = Double(text), range.contains(value) else {
      throw failure(
        key, "is '\(text)'; it must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func percent(_ key: String) throws(ConfigurationFailure) -> Double? {
    guard let text = try text(key) else { return nil }
    guard let value = Double(text), (1.0...100).contains(value) else {
      throw failure(key, "is '\(text)'; it must be a number of percent from 1 to 100")
    }
    return value
  }

  /// One of the raw values of an enumeration.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String
  ) throws(ConfigurationFailure) -> Choice? {
    guard let text = try text(key) else { return nil }
    guard let known = Choice(rawValue: text) else {
      let names = Choice.allCases.map(\.rawValue).joined(separator: " or ")
      throw failure(key, "is '\(text)'; it must be \(names)")
    }
    return known
  }

  func list(_ key: String) throws(ConfigurationFailure) -> [String]? {
    let content: ConfigContent?
    do { content = try self.content(key, .stringArray) } catch { throw failure(key, "must be a list") }
    guard case .stringArray(let list) = content else { return nil }
    return list.filter { !$0.isEmpty }
  }
}
