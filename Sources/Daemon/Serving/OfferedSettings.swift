import Synchronization

/// Where the settings that shall serve next wait until those who read have laid down their work. That some wait is all that
/// those are told by: nobody else remembers it, so that no two reloads can come between.
package final class OfferedSettings<Settings: Sendable>: Sendable {
  private let next = Mutex<Settings?>(nil)

  package init() {}

  /// Whether some wait.
  package var areThere: Bool { next.withLock { $0 != nil } }

  /// What is there already is replaced: only the last matters.
  package func offer(_ settings: Settings) { next.withLock { $0 = settings } }

  /// Takes them, if some wait.
  package func take() -> Settings? {
    next.withLock { next in
      defer { next = nil }
      return next
    }
  }
}
