/// A message in the Protocol Buffers wire format, written field by field.
/// Source: https://protobuf.dev/programming-guides/encoding/
package struct ProtocolBuffer: Sendable, Equatable {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// What a field's value looks like to a reader that doesn't know the field.
  private enum WireType: UInt64 {
    case varint = 0
    case lengthDelimited = 2
    case fixed32 = 5
  }

  /// A field of type int32, int64 or an enumeration.
  package mutating func add(_ field: Int, _ value: Int) {
    addKey(field, .varint)
    addVarint(UInt64(bitPattern: Int64(value)))
  }

  /// A field of type float.
  package mutating func add(_ field: Int, _ value: Float) {
    addKey(field, .fixed32)
    bytes.append(littleEndian: value.bitPattern)
  }

  /// A field of type bytes.
  package mutating func add(_ field: Int, _ value: some Collection<UInt8>) {
    addKey(field, .lengthDelimited)
    addVarint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  /// A field of type string.
  package mutating func add(_ field: Int, _ value: String) { add(field, value.utf8) }

  /// A field that is a message itself.
  package mutating func add(_ field: Int, _ value: ProtocolBuffer) { add(field, value.bytes) }

  private mutating func addKey(_ field: Int, _ type: WireType) {
    addVarint(UInt64(field) << 3 | type.rawValue)
  }

  /// Seven bits a byte, the lowest first; the eighth says that more follow.
  private mutating func addVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

extension [UInt8] {
  mutating func append(littleEndian value: some FixedWidthInteger) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}
