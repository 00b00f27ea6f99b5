import MultiMix
import ONNXExport
import TestSupport
import Testing

/// Against bytes written by hand from https://protobuf.dev/programming-guides/encoding/, whose examples are
/// among them.
@Suite struct ProtocolBufferTests {
  private func bytes(_ write: (inout ProtocolBuffer) -> Void) -> [UInt8] {
    var buffer = ProtocolBuffer()
    write(&buffer)
    return buffer.bytes
  }

  @Test func integers() {
    #expect(bytes { $0.add(1, 0) } == [0x08, 0x00])
    #expect(bytes { $0.add(1, 127) } == [0x08, 0x7f])
    #expect(bytes { $0.add(1, 128) } == [0x08, 0x80, 0x01])
    #expect(bytes { $0.add(1, 150) } == [0x08, 0x96, 0x01])
    #expect(bytes { $0.add(1, 1 << 35) } == [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01])
    #expect(bytes { $0.add(1, -2) } == [0x08, 0xfe] + [UInt8](repeating: 0xff, count: 8) + [0x01])
  }

  @Test func fieldNumbersAboveFifteenTakeTwoBytes() {
    #expect(bytes { $0.add(15, 1) } == [0x78, 0x01])
    #expect(bytes { $0.add(16, 1) } == [0x80, 0x01, 0x01])
    #expect(bytes { $0.add(20, 7) } == [0xa0, 0x01, 0x07])
  }

  @Test func floats() {
    #expect(bytes { $0.add(2, Float(1)) } == [0x15, 0x00, 0x00, 0x80, 0x3f])
    #expect(bytes { $0.add(2, Float(-0.15625)) } == [0x15, 0x00, 0x00, 0x20, 0xbe])
  }

  @Test func textAndBytes() {
    #expect(bytes { $0.add(2, "testing") } == [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67])
    #expect(bytes { $0.add(2, "ä") } == [0x12, 0x02, 0xc3, 0xa4])
    #expect(bytes { $0.add(2, "") } == [0x12, 0x00])
    #expect(bytes { $0.add(9, [UInt8](repeating: 7, count: 200)) }.prefix(4) == [0x4a, 0xc8, 0x01, 0x07])
  }

  @Test func messagesAndOrder() {
    let inner = {
      var buffer = ProtocolBuffer()
      buffer.add(1, 150)
      return buffer
    }()
    #expect(
      bytes {
        $0.add(3, inner)
        $0.add(4, 1)
        $0.add(4, 2)
      } == [0x1a, 0x03, 0x08, 0x96, 0x01, 0x20, 0x01, 0x20, 0x02])
  }
}
