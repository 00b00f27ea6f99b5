/// What PostgreSQL, or the way to it, answers instead.
struct PostgresFailure: Error, Sendable, Hashable {
  /// SQLSTATE; empty where no server said anything.
  let state: String
  let detail: String
  /// The connection is of no use any more; whether the last commit happened isn't known.
  let isLost: Bool

  static func lost(_ detail: String) -> PostgresFailure {
    PostgresFailure(state: "", detail: detail, isLost: true)
  }

  init(state: String, detail: String, isLost: Bool = false) {
    self.state = state
    self.detail = detail.split(whereSeparator: \.isNewline).joined(separator: "; ").storable
    // Shut down, crashed, starting up, told off for idling, or a protocol that went wrong.
    self.isLost =
      isLost || state.hasPrefix("08") || ["57P01", "57P02", "57P03", "57P05", "25P03"].contains(state)
  }

  /// Others were in the way, or made a row at the same time: the same transaction may pass the next time.
  var isConflict: Bool { ["40001", "40P01", "55P03", "23505"].contains(state) }
}

extension LedgerError {
  /// What PostgreSQL says, in our words.
  init(_ failure: PostgresFailure, _ address: String) {
    let detail = failure.detail
    switch failure.state {
    case "40001", "40P01", "55P03", "57014", "53300", "53400": self = .busy
    case "53100": self = .full
    case "53200": self = .outOfMemory
    case "25006": self = .readOnly(path: address)
    case "42501": self = .readOnly(path: address)
    case "58030": self = .inaccessible(path: address, detail: detail)
    case "XX001", "XX002", "42P01", "42703": self = .damaged(path: address, detail: detail)
    case "28000", "28P01", "3D000": self = .unreachable(address: address, detail: detail)
    case let state where state.hasPrefix("23") || state == "P0001": self = .inconsistent(detail: detail)
    default:
      self =
        failure.isLost
        ? .unreachable(address: address, detail: detail)
        : .unusable(detail: "\(address): \(detail) (\(failure.state))")
    }
  }
}
