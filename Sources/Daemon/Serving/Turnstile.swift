/// Lets one in at a time, in the order in which they came: an actor's own calls take turns wherever one awaits.
struct Turnstile {
  private var isTaken = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// Whether the caller is in; otherwise it has to wait for its turn.
  mutating func enters() -> Bool {
    defer { isTaken = true }
    return !isTaken
  }

  mutating func wait(_ turn: CheckedContinuation<Void, Never>) { waiting.append(turn) }

  /// The next one is in.
  mutating func leave() {
    if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
  }
}
