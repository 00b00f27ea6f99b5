import DICOMNetwork
import Files
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("HL7 messages and notices on their way")
struct MessageSenderTests {
  // MARK: Pure

  @Test(arguments: [
    ("mllp://ris.example.org:2575", "mllp://ris.example.org:2575"),
    ("mllps://10.0.0.1:2576/", "mllps://10.0.0.1:2576"),
  ])
  func addresses(text: String, written: String) throws {
    #expect(try #require(MLLPEndpoint(text)).description == written)
  }

  @Test(arguments: [
    "mllp://host", "mllp://host:0", "mllp://:1", "http://host:1", "mllp://a@b:1", "mllp://a/b:1",
  ])
  func noAddresses(text: String) { #expect(MLLPEndpoint(text) == nil) }

  @Test(arguments: [
    ("MSA|AA|1", "", PeerAnswer.taken("AA")), ("MSA|CA|1|fine", "", .taken("CA: fine")),
    ("MSA|AE|1|bad PID", "", .refusedForGood("AE: bad PID")), ("MSA|AR|1", "", .refusedForNow("AR")),
    ("MSA|AR|1", "ERR|||202^Unsupported processing ID", .refusedForGood("AR 202: Unsupported processing ID")),
    (
      "MSA|AE|1", "ERR|||207^Application internal error", .refusedForNow("AE 207: Application internal error")
    ),
    ("MSA|AE|1", "ERR|PID^3^^101&Required field missing", .refusedForGood("AE 101: Required field missing")),
    ("MSA|XX|1", "", .refusedForNow("XX")),
  ])
  func acknowledgements(answer: String, complaint: String, meaning: PeerAnswer) throws {
    let text = "MSH|^~\\&|A|B|||||ACK|9|P|2.5.1\r\(answer)\r\(complaint)\r"
    let acknowledgement = try #require(Acknowledgement(Array(text.utf8)))
    #expect(acknowledgement.controlID == "1" && acknowledgement.answer == meaning)
  }

  @Test(arguments: ["", "hello", "MSH|^~\\&|A\rMSA|AA", "MSA|AA|1\r"])
  func noAcknowledgements(text: String) { #expect(Acknowledgement(Array(text.utf8)) == nil) }

  @Test func frames() {
    let framed = MLLPFrame.framed(Array("ab".utf8))
    #expect(framed == [0x0B, 0x61, 0x62, 0x1C, 0x0D])
    var bytes: [UInt8] = [0x20] + framed + framed.dropLast() + [0x0B, 0x63]
    #expect(MLLPFrame.next(&bytes) == Array("ab".utf8))
    #expect(MLLPFrame.next(&bytes) == Array("ab".utf8))
    #expect(MLLPFrame.next(&bytes) == nil && bytes.last == 0x63)
  }

  // MARK: With a peer

  private static let isThere = TestEnvironment.python != nil

  private func objects(_ texts: [String]) throws -> [SentObject] {
    let folder = try TestEnvironment.temporaryFolder()
    return try texts.enumerated().map { index, text in
      let file = folder.appending(path: "\(index)")
      try Data(text.utf8).write(to: file)
      return SentObject(
        id: Int64(index + 1), path: file.path, content: ContentDigest(of: text), sopClassUID: "",
        sopInstanceUID: "", studyInstanceUID: "")
    }
  }

  private func message(_ what: String) -> String {
    "MSH|^~\\&|MMDICOM||||20260102||ORU^R01^ORU_R01|id-\(what)|T|2.5.1\rPID|1||\(what)\r"
  }

  private func send(
    _ objects: [SentObject], to endpoint: PeerEndpoint
  ) async throws -> (answers: [Int64: PeerAnswer], trouble: PeerTrouble?) {
    let answers = Mutex<[Int64: PeerAnswer]>([:])
    let sender = try endpoint.sender()
    let trouble = await sender.send(objects) { news in
      if case .answered(let id, let answer) = news { answers.withLock { $0[id] = answer } }
    } isStopping: {
      false
    }
    await sender.close()
    return (answers.withLock { $0 }, trouble)
  }

  private func mllp(_ peer: MessagePeer, answerSeconds: Double = 20) throws -> PeerEndpoint {
    var endpoint = try #require(MLLPEndpoint("mllp://127.0.0.1:\(peer.mllp)"))
    endpoint.answerSeconds = answerSeconds
    return .mllp(endpoint)
  }

  @Test(
    "each message is answered by itself, on one connection", .enabled(if: isThere, "MMDICOM_PYTHON isn't set")
  )
  func mllpAnswers() async throws {
    let peer = try MessagePeer()
    let (answers, trouble) = try await send(
      objects(["AA", "AE", "AR", "AE-207", "CA"].map(message)), to: mllp(peer))
    #expect(trouble == nil)
    #expect(
      answers == [
        1: .taken("AA: said"), 2: .refusedForGood("AE: said"), 3: .refusedForNow("AR: said"),
        4: .refusedForNow("AE 207: said"), 5: .taken("CA: said"),
      ])
    #expect(try peer.ended().compactMap { $0["control"] as? String }.count == 5)
  }

  @Test(
    "who hangs up, is silent or talks nonsense has the message still to come",
    .enabled(if: isThere, "MMDICOM_PYTHON isn't set"), arguments: ["close", "hang", "other", "junk"])
  func mllpTrouble(what: String) async throws {
    let peer = try MessagePeer()
    let (answers, trouble) = try await send(
      objects([message("AA"), message(what), message("AA")]),
      to: mllp(peer, answerSeconds: what == "hang" ? 5 : 60))
    #expect(answers == [1: .taken("AA: said")])
    #expect(trouble != nil)
    if what == "hang" { #expect(trouble?.description == "no acknowledgement within the time limit") }
  }

  @Test("nobody there, and a file that changed", .enabled(if: isThere, "MMDICOM_PYTHON isn't set"))
  func nobody() async throws {
    let none = try #require(MLLPEndpoint("mllp://127.0.0.1:1"))
    #expect(
      try await send(objects([message("AA")]), to: .mllp(none)).trouble?.description.contains("no connection")
        == true)
    let peer = try MessagePeer()
    let all = try objects([message("AA"), message("AA")])
    try Data("other".utf8).write(to: URL(filePath: all[0].path))
    let (answers, trouble) = try await send(all, to: mllp(peer))
    #expect(
      trouble == nil && answers[1] == .refusedForGood(SentObject.gone) && answers[2] == .taken("AA: said"))
  }

  private func webhook(
    _ peer: MessagePeer, _ what: String, key: String? = "0123456789abcdef", seconds: Double = 60
  ) -> PeerEndpoint {
    var endpoint = WebhookEndpoint(url: "http://127.0.0.1:\(peer.http)/\(what)")
    endpoint.key = key
    endpoint.connectSeconds = seconds
    endpoint.answerSeconds = seconds
    return .webhook(endpoint)
  }

  @Test(
    "a webhook's answer, by its status", .enabled(if: isThere, "MMDICOM_PYTHON isn't set"),
    arguments: [
      ("200", PeerAnswer.taken("200")), ("204", .taken("204")), ("302", .refusedForGood("302")),
      ("400", .refusedForGood("400")), ("401", .refusedForGood("401")), ("404", .refusedForNow("404")),
      ("429", .refusedForNow("429")), ("503", .refusedForNow("503")),
    ])
  func webhookAnswers(what: String, answer: PeerAnswer) async throws {
    let peer = try MessagePeer()
    let (answers, trouble) = try await send(objects(["{\"a\":1}"]), to: webhook(peer, what))
    #expect(answers == [1: answer] && trouble == nil)
    let came = try peer.ended()
    #expect(came.count == 1 && came[0]["genuine"] as? Bool == true)
    #expect(came[0]["body"] as? String == "{\"a\":1}" && came[0]["number"] as? String == "1")
    #expect(came[0]["type"] as? String == "application/json")
  }

  @Test(
    "one that hangs, or drips its answer, ends in time", .enabled(if: isThere, "MMDICOM_PYTHON isn't set"),
    arguments: ["hang", "drip"])
  func webhookHangs(what: String) async throws {
    let peer = try MessagePeer()
    let (answers, trouble) = try await send(objects(["{}", "{}"]), to: webhook(peer, what, seconds: 1))
    // The status of the one that drips was there.
    if what == "hang" { #expect(answers.isEmpty && trouble != nil) }
  }

  @Test(
    "without a key, and with another, a notice isn't signed as by us",
    .enabled(if: isThere, "MMDICOM_PYTHON isn't set"))
  func signatures() async throws {
    let peer = try MessagePeer()
    _ = try await send(objects(["{}"]), to: webhook(peer, "200", key: nil))
    _ = try await send(objects(["{}"]), to: webhook(peer, "200", key: "another key, as long"))
    #expect(try peer.ended().map { $0["genuine"] as? Bool } == [false, false])
    #expect(
      WebhookSignature.value(of: Array("{}".utf8), key: "0123456789abcdef", at: 1_767_323_045)
        == "t=1767323045,v1=f4bb6f1d5f8ad3f42ae78cdbcb16bf001ae326eac1178a5d6e615ebd14495445")
  }
}
