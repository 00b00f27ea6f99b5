package import Ledger

/// How long what is done is kept: 0 is for ever. What isn't delivered yet is kept whatever they say.
public struct RetentionRules: Sendable, Equatable {
  /// Days after its end that an image is known: source, results, and all that the ledger and the report hold of it.
  public var days = 0
  /// Days after its end that its source is kept in `done` or `rejected`.
  public var doneDays = 0
  /// Bytes that `done`, `rejected` and the outbox may take together; beyond that the oldest images go.
  public var bytes = 0

  public init() {}

  /// Whether something is ever deleted.
  package var areThere: Bool { days > 0 || doneDays > 0 || bytes > 0 }

  /// What ended before has been kept for so many days.
  package static func limit(_ days: Int, at now: Timestamp) -> Timestamp {
    Timestamp(milliseconds: now.milliseconds - Int64(days) * 86_400_000)
  }
}
