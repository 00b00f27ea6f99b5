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
  /// - Parameters:
  ///   - inputs: the values to be mapped. The VR of the LUT Descriptor's second value is ambiguous (US or SS), and
  ///     writers and readers get it wrong: of the numbers that it may mean the one counts whose entries cover
  ///     most of the inputs.
  ///   - signedInput: whether the values to be mapped can be negative, which decides where that leaves a choice.
  init?(item: DataSet, inputs: ClosedRange<Double>, signedInput: Bool) {
    let descriptor = item.integers(.lutDescriptor)
    guard descriptor.count == 3 else { return nil }
    // 0 stands for 2^16 entries, which doesn't fit into 16 bits.
    let count = descriptor[0] & 0xFFFF == 0 ? 65536 : descriptor[0] & 0xFFFF
    guard let entries = Self.entries(of: item, count: count), let highest = entries.max() else { return nil }
    self.init(
      firstMapped: Self.firstMapped(descriptor[1], count: count, inputs: inputs, signedInput: signedInput),
      entries: entries, bits: Self.bits(stated: descriptor[2], highest: highest))
  }

  private static func firstMapped(
    _ stated: Int, count: Int, inputs: ClosedRange<Double>, signedInput: Bool
  ) -> Int {
    let unsigned = stated & 0xFFFF
    guard unsigned > 32767 else { return unsigned }
    let signed = unsigned - 65536
    func covered(_ first: Int) -> Double {
      min(inputs.upperBound, Double(first + count - 1)) - max(inputs.lowerBound, Double(first))
    }
    let (negative, positive) = (covered(signed), covered(unsigned))
    if max(negative, positive) <= 0 || negative == positive { return signedInput ? signed : unsigned }
    return negative > positive ? signed : unsigned
  }

  /// The descriptor's third value is often left at 16, or at 8, whatever the entries are; a table that uses less
  /// than a quarter of the stated range, or more than all of it, has the bits that its highest entry needs.
  private static func bits(stated: Int, highest: UInt16) -> Int {
    let needed = max(1, 16 - highest.leadingZeroBitCount)
    return (8...16).contains(stated) && (stated - 1...stated).contains(needed) ? stated : needed
  }

  /// LUT Data as numbers. Written as US, or as OW; eight-bit entries are sometimes packed two to a word.
  private static func entries(of item: DataSet, count: Int) -> [UInt16]? {
    let numbers = item.integers(.lutData)
    if numbers.count >= count { return numbers.prefix(count).map { UInt16(truncatingIfNeeded: $0) } }
    let bytes =
      item.bytes(.lutData)
      ?? numbers.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
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

  /// Whether it maps everything to one value.
  var isFlat: Bool { entries.allSatisfy { $0 == entries[0] } }

  /// Largest output value that `bits` allow.
  var outputMaximum: Double { Double((1 << bits) - 1) }
}
