/// Where the settings that shall serve next wait until those who read have laid down their work.
package actor OfferedSettings<Settings: Sendable> {
  private var next: Settings?

  package init() {}

  /// What is there already is replaced: only the last matters.
  package func offer(_ settings: Settings) { next = settings }

  func take() -> Settings? {
    defer { next = nil }
    return next
  }
}
