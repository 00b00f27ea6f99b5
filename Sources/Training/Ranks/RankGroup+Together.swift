extension RankGroup {
  /// Every rank's message, by rank, on every rank.
  public func gathered(_ own: [UInt8]) throws(RankFailure) -> [[UInt8]] {
    guard count > 1 else { return [own] }
    guard isFirst else {
      try send(own, to: 0)
      var all: [[UInt8]] = []
      for _ in 0..<count { all.append(try receive(from: 0)) }
      return all
    }
    var all = [own]
    for other in 1..<count { all.append(try receive(from: other)) }
    for other in 1..<count { for message in all { try send(message, to: other) } }
    return all
  }

  /// Every rank's text, by rank, on every rank.
  public func gathered(_ own: String) throws(RankFailure) -> [String] {
    try gathered(Array(own.utf8)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Returns when all ranks have come this far.
  public func meet() throws(RankFailure) { _ = try gathered([UInt8]()) }

  /// Rank 0's message on every rank: from each that has it to another that hasn't, twice as many every time.
  /// - Parameter own: what rank 0 says; the others' isn't looked at.
  public func broadcast(_ own: [UInt8]) throws(RankFailure) -> [UInt8] {
    var message = own
    var reached = 1
    while reached < count {
      if rank < reached, rank + reached < count { try send(message, to: rank + reached) }
      if rank >= reached, rank < 2 * reached { message = try receive(from: rank - reached) }
      reached *= 2
    }
    return message
  }
}
