/// What the configuration says under one key, with passwords and keys left out.
package struct StatedValue: Sendable, Equatable {
  package let key: String
  /// Empty where the default holds.
  package let value: String

  package init(key: String, value: String) {
    self.key = key
    let hidesPath = key == "notify"
    self.value = value.split(separator: ", ", omittingEmptySubsequences: false)
      .map { $0.contains("://") ? ShownAddress.of($0, hidesPath: hidesPath) : String($0) }
      .joined(separator: ", ")
  }

  static func all(_ values: ConfigurationValues) -> [StatedValue] {
    DaemonConfiguration.keys.map { key in StatedValue(key: key, value: values.words(key)) }
  }
}

extension ConfigurationValues {
  /// Whatever stands under a key, in words; empty where nothing does.
  fileprivate func words(_ key: String) -> String {
    if let list = try? list(key) { return list.joined(separator: ", ") }
    return (try? text(key)) ?? ""
  }
}
