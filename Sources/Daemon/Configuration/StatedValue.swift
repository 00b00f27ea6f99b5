/// What the configuration says under one key, with passwords left out.
package struct StatedValue: Sendable, Equatable {
  package let key: String
  /// Empty where the default holds.
  package let value: String

  package init(key: String, value: String) {
    self.key = key
    self.value = Self.concealing(value)
  }

  static func all(_ values: ConfigurationValues) -> [StatedValue] {
    DaemonConfiguration.keys.map { key in StatedValue(key: key, value: values.words(key)) }
  }

  /// Without user and password in an address: `scheme://user:password@host` becomes `scheme://...@host`.
  static func concealing(_ text: String) -> String {
    text.replacing(#/://[^\/@\s]*@/#) { _ in "://...@" }
  }
}

extension ConfigurationValues {
  /// Whatever stands under a key, in words; empty where nothing does.
  fileprivate func words(_ key: String) -> String {
    if let list = try? list(key) { return list.joined(separator: ", ") }
    return (try? text(key)) ?? ""
  }
}
