import Ledger

extension DeliveryState {
  /// For people, and for scripts: one of a few words.
  var word: String {
    switch self {
    case .due: "waiting"
    case .sending: "sending"
    case .delayed: "delayed"
    case .stored: "uncommitted"
    case .sent: "sent"
    case .parked: "parked"
    case .withdrawn: "withdrawn"
    }
  }

  /// When it changes by itself.
  var wait: Wait? {
    switch self {
    case .delayed(_, let wait), .stored(_, _, let wait): wait
    case .due, .sending, .sent, .parked, .withdrawn: nil
    }
  }
}

extension Explanation.Delivery {
  init(_ record: DeliveryRecord) {
    self.init(
      destination: record.destination, kind: record.result.kind, state: record.state.word,
      attempts: record.state.attempts, until: record.state.wait?.until.text, answer: record.answer,
      sent: record.sentAt?.text)
  }
}
