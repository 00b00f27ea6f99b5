import DICOM

/// A LUT of the Modality LUT or VOI LUT module (DICOM PS3.3 C.11.1, C.11.2).
struct LookupTable: Sendable, Equatable {
  /// Input value that the first entry belongs to. Smaller inputs take the first entry, larger ones the last.
  let firstMapped: Int
  let entries: [UInt16]
  /// Bits per entry: the output range is 0 ... 2^bits - 1.
  let bits: Int

  init(firstMapped: Int, entries: [UInt16], bits: Int) {
    self.firstMapped = firstMapped
    self.entries = entries
    self.bits = bits
  }

  /// The LUT of one sequence item; nil when its descriptor or data can't be one.
  /// - Parameter signedInput: whether the values to be mapped can be negative, which decides how the second
  ///   value of the LUT Descriptor is read (its VR is ambiguous: US or SS).
  init?(item: DataSet, signedInput: Bool) {
    let descriptor = item.integers(.lutDescriptor)
    guard descriptor.count == 3 else { return nil }
    // 0 stands for 2^16 entries, which doesn't fit into 16 bits.
    let count = descriptor[0] == 0 ? 65536 : descriptor[0] & 0xFFFF
    var first = descriptor[1]
    if signedInput, first > 32767 { first -= 65536 }
    if !signedInput, first < 0 { first += 65536 }
    guard let entries = Self.entries(of: item, count: count), !entries.isEmpty else { return nil }
    let stated = min(max(descriptor[2], 8), 16)
    let needed = 16 - Int((entries.max() ?? 0).leadingZeroBitCount)
    self.init(firstMapped: first, entries: entries, bits: max(stated, needed))
  }

  /// LUT Data as numbers. Written as US, or as OW; eight-bit entries are sometimes packed two to a word.
  private static func entries(of item: DataSet, count: Int) -> [UInt16]? {
    let numbers = item.integers(.lutData)
    if numbers.count >= count { return numbers.prefix(count).map { UInt16(truncatingIfNeeded: $0) } }
    guard let bytes = item.bytes(.lutData) else { return nil }
    if bytes.count >= 2 * count {
      return (0..<count).map { UInt16(bytes[2 * $0]) | UInt16(bytes[2 * $0 + 1]) << 8 }
    }
    return bytes.count >= count ? bytes.prefix(count).map(UInt16.init) : nil
  }

  /// The entry for an input value.
  subscript(value: Double) -> Double {
    let index = value.rounded() - Double(firstMapped)
    if index <= 0 { return Double(entries[0]) }
    if index >= Double(entries.count - 1) { return Double(entries[entries.count - 1]) }
    return Double(entries[Int(index)])
  }

  /// Largest output value that `bits` allow.
  var outputMaximum: Double { Double((1 << bits) - 1) }
}
