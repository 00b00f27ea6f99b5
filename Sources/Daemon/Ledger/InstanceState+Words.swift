import Ledger

extension InstanceState {
  /// For people.
  var words: String {
    switch self {
    case .gathering: "waits for the rest of its study"
    case .behind: "waits for the image that it amends"
    case .ready: "waits for its turn"
    case .working(let tries, let lease): "in work (attempt \(tries.attempts), lease \(lease.token))"
    case .delayed(let tries, let wait): "is tried again at \(wait.until.text) (\(tries.attempts) attempts)"
    case .parked: "waits for 'mmdicom retry'"
    case .finished(_, let verdict, _): "\(verdict.rawValue); its file is on its way"
    case .filed(_, let verdict, _): verdict.rawValue
    }
  }
}
