/// FNV-1a of 64 bits: the same in every run, so that it can be part of a name or a file. It tells accidental
/// copies apart; forgers aren't the matter.
package struct ContentHash {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  package init() {}

  package mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  /// In hexadecimal.
  package var text: String { String(state, radix: 16) }
}
