import Analysis
import Daemon
import Testing

@Suite("Lines between the daemon and its processes") struct LineBufferTests {
  private func append(_ text: String, to buffer: inout LineBuffer) throws {
    let bytes = Array(text.utf8)
    try unsafe bytes.withUnsafeBytes { try unsafe buffer.append($0) }
  }

  @Test("lines end at line feeds alone, wherever the pieces end")
  func lines() throws {
    var buffer = LineBuffer()
    try append("a\r\u{2028}b", to: &buffer)
    #expect(try buffer.next() == nil)
    try append("c\n\nd", to: &buffer)
    #expect(try buffer.next() == Array("a\r\u{2028}bc".utf8))
    #expect(try buffer.next() == [])
    #expect(try buffer.next() == nil)
    try append("\n", to: &buffer)
    #expect(try buffer.next() == Array("d".utf8))
  }

  @Test("a line that has no end is given up")
  func endless() throws {
    var buffer = LineBuffer(longest: 10)
    try append("12345678\n12345678\n", to: &buffer)
    #expect(try buffer.next()?.count == 8)
    #expect(try buffer.next()?.count == 8)
    try append("123456789", to: &buffer)
    #expect(throws: LineBuffer.TooLong.self) { try append("ab", to: &buffer) }
    var late = LineBuffer(longest: 10)
    try append("12345678901\n", to: &late)
    #expect(throws: LineBuffer.TooLong.self) { try late.next() }
  }

  @Test("the largest list of an archive's files fits into a worker's answer")
  func archives() { #expect(UnpackedArchive.longestList + 1 << 20 < LineBuffer.longest) }
}
