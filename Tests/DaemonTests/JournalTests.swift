import Daemon
import Foundation
import Glibc
import Logging
import Testing

@Suite("Entries of the journal")
struct JournalTests {
  @Test func fields() {
    let entry = JournalLog.entry(
      .warning, "rejected", ["file": "0a1b2c3d", "next-try": "1", "reason": "truncated"])
    #expect(
      String(decoding: entry, as: UTF8.self) == """
        MESSAGE=rejected file=0a1b2c3d next-try=1 reason=truncated
        PRIORITY=4
        SYSLOG_IDENTIFIER=mmdicom
        MMDICOM_FILE=0a1b2c3d
        MMDICOM_NEXT_TRY=1
        MMDICOM_REASON=truncated

        """)
  }

  @Test("a value of several lines can't pretend to be fields")
  func severalLines() {
    let entry = JournalLog.entry(.info, "a\nPRIORITY=0", [:])
    let head = Array("MESSAGE\n".utf8) + [12, 0, 0, 0, 0, 0, 0, 0] + Array("a\nPRIORITY=0\n".utf8)
    #expect(entry == head + Array("PRIORITY=6\nSYSLOG_IDENTIFIER=mmdicom\n".utf8))
  }

  @Test func onlyWhereStandardErrorGoesThere() throws {
    #expect(!JournalLog.isStandardError(nil))
    #expect(!JournalLog.isStandardError("1:2"))
    var status = stat()
    try #require(unsafe fstat(2, &status) == 0)
    #expect(JournalLog.isStandardError("\(status.st_dev):\(status.st_ino)"))
  }
}
