import DICOMNetwork
import Testing

@Suite struct DIMSECommandTests {
  /// PS3.7 section 9.3.1.1, byte by byte.
  @Test func writesAsTheStandardSays() {
    let command = DIMSECommand.store(7, sopClass: "1.2", sopInstance: "1.2.3")
    let expected: [UInt8] = [
      0, 0, 0x00, 0x00, 4, 0, 0, 0, 66, 0, 0, 0,
      0, 0, 0x02, 0x00, 4, 0, 0, 0, 0x31, 0x2E, 0x32, 0,
      0, 0, 0x00, 0x01, 2, 0, 0, 0, 1, 0,
      0, 0, 0x10, 0x01, 2, 0, 0, 0, 7, 0,
      0, 0, 0x00, 0x07, 2, 0, 0, 0, 0, 0,
      0, 0, 0x00, 0x08, 2, 0, 0, 0, 1, 0,
      0, 0, 0x00, 0x10, 6, 0, 0, 0, 0x31, 0x2E, 0x32, 0x2E, 0x33, 0,
    ]
    #expect(command.bytes == expected)
    #expect(Int(expected[8]) == expected.count - 12)
  }

  @Test func readsWhatItWrites() throws {
    let request = DIMSECommand.action(9, type: 1, sopClass: "1.2.840", sopInstance: "1.2.3.4")
    let read = try #require(DIMSECommand(request.bytes))
    #expect(read.operation == .actionRequest)
    #expect(read.messageID == 9)
    #expect(read[text: .requestedSOPInstanceUID] == "1.2.3.4")
    #expect(read.hasDataSet)
    let answer = try #require(DIMSECommand(read.response(0x0112, comment: "odd").bytes))
    #expect(answer.answers(request))
    #expect(answer.status == 0x0112)
    #expect(answer.errorComment == "odd")
    #expect(answer[text: .affectedSOPInstanceUID] == "1.2.3.4")
    #expect(answer[number: .actionTypeID] == 1)
    #expect(!answer.hasDataSet)
    #expect(!answer.answers(.echo(9, sopClass: "1.2")))
    #expect(!answer.answers(.action(8, type: 1, sopClass: "1", sopInstance: "2")))
  }

  @Test(arguments: [
    [UInt8](), [0], [0, 0, 0, 0, 4, 0, 0, 0], [0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0],
    [8, 0, 0, 1, 2, 0, 0, 0, 1, 0], [0, 0, 0, 1, 4, 0, 0, 0, 1, 0, 0, 0],
    [0, 0, 0, 1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1, 0],
    [0, 0, 0x10, 1, 2, 0, 0, 0, 1, 0], [0, 0, 0, 1, 2, 0, 0, 0, 1, 0, 9],
    [UInt8](repeating: 0, count: 17 << 10),
  ])
  func refusesNonsense(_ bytes: [UInt8]) { #expect(DIMSECommand(bytes) == nil) }

  @Test func livesThroughMutations() {
    var generator = SystemRandomNumberGenerator()
    let whole = DIMSECommand.store(7, sopClass: "1.2.840.10008", sopInstance: "1.2.3").bytes
    for _ in 0..<2000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      // Whatever it reads, it can answer.
      if let command = DIMSECommand(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))) {
        #expect(DIMSECommand(command.response(0).bytes) != nil)
      }
    }
  }

  @Test func cleansWhatPeersSay() {
    #expect(PeerText.cleaned("a\u{1B}[31m b\n\u{0}c\u{202E}d ") == "a [31m b c d")
    #expect(PeerText.cleaned(String(repeating: "x", count: 100)).count == 64)
  }
}

@Suite struct DIMSEStatusTests {
  /// PS3.4 table B.2-1 and PS3.7 annex C.
  @Test(arguments: [
    (0x0000, DIMSEStatus.Verdict.taken), (0xB000, .takenWithWarning), (0xB006, .takenWithWarning),
    (0xB007, .takenWithWarning), (0x0107, .takenWithWarning), (0x0116, .takenWithWarning),
    (0xA700, .refusedForNow), (0xA7FF, .refusedForNow), (0x0110, .refusedForNow), (0xFE00, .refusedForNow),
    (0xA900, .refusedForGood), (0xA9FF, .refusedForGood), (0xC000, .refusedForGood),
    (0xCFFF, .refusedForGood),
    (0x0122, .refusedForGood), (0x0124, .refusedForGood), (0x0111, .takenWithWarning),
    (0x0211, .refusedForGood),
    (0x0212, .refusedForGood), (0x4242, .refusedForNow),
  ])
  func tellsWhatFollows(_ code: Int, _ verdict: DIMSEStatus.Verdict) {
    #expect(DIMSEStatus(UInt16(code)).verdict == verdict)
  }

  @Test func isFourDigits() { #expect(DIMSEStatus(0x0122).description == "0122") }
}
