internal import Foundation

extension RankGroup {
  /// This rank's part of a list: every `count`th, from its own number on.
  func share<Element>(of list: [Element]) -> [Element] {
    stride(from: rank, to: list.count, by: count).map { list[$0] }
  }

  /// What all ranks made of their shares, in the order of the list, on every rank.
  func dealtBack<Element: Codable>(_ own: [Element]) throws(RankFailure) -> [Element] {
    guard count > 1 else { return own }
    // Property lists keep every number to the bit, and those that are none.
    guard let message = try? PropertyListEncoder.binary.encode(own) else { throw .confused(rank: rank) }
    let shares = try gathered(Array(message)).enumerated().map { sender, bytes throws(RankFailure) in
      guard let share = try? PropertyListDecoder().decode([Element].self, from: Data(bytes)) else {
        throw .confused(rank: sender)
      }
      return share
    }
    return (0..<shares.reduce(0) { $0 + $1.count }).map { shares[$0 % count][$0 / count] }
  }
}

extension PropertyListEncoder {
  fileprivate static var binary: PropertyListEncoder {
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    return encoder
  }
}
