extension RankGroup {
  /// This rank's part of a list: every `count`th, from its own number on.
  func share<Element>(of list: [Element]) -> [Element] {
    stride(from: rank, to: list.count, by: count).map { list[$0] }
  }

  /// What all ranks made of their shares, in the order of the list, on every rank.
  func dealtBack<Element: RankRecord>(_ own: [Element]) throws(RankFailure) -> [Element] {
    guard count > 1 else { return own }
    let message = own.flatMap { record in
      precondition(record.numbers.count == Element.length)
      return record.numbers
    }.bytesInMemory
    let shares = try gathered(message).enumerated().map { sender, bytes throws(RankFailure) in
      guard let share = [Element](inMemory: bytes) else { throw .confused(rank: sender) }
      return share
    }
    return (0..<shares.reduce(0) { $0 + $1.count }).map { shares[$0 % count][$0 / count] }
  }
}

/// What goes from rank to rank as so many numbers of eight bytes, to the bit, and those that are none: its length
/// says nothing of what is in it, so that a message is as long as computed.
protocol RankRecord {
  static var length: Int { get }
  /// As many.
  var numbers: [UInt64] { get }
  /// - Parameter numbers: as many.
  /// - Returns: nil where they mean nothing.
  init?(numbers: [UInt64])
}

extension Array where Element: RankRecord {
  fileprivate init?(inMemory bytes: [UInt8]) {
    let stride = Element.length * MemoryLayout<UInt64>.stride
    guard bytes.count.isMultiple(of: stride) else { return nil }
    self = []
    for start in Swift.stride(from: 0, to: bytes.count, by: stride) {
      let numbers = unsafe bytes.withUnsafeBytes { bytes in
        (0..<Element.length).map {
          unsafe bytes.loadUnaligned(fromByteOffset: start + 8 * $0, as: UInt64.self)
        }
      }
      guard let record = Element(numbers: numbers) else { return nil }
      append(record)
    }
  }
}
