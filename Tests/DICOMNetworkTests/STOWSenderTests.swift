import DICOMNetwork
import Files
import Foundation
import Synchronization
import TestSupport
import Testing

/// Storing on DICOMweb servers that answer well, badly, late or never.
@Suite(.enabled(if: TestEnvironment.python != nil, "MMDICOM_PYTHON isn't set"))
struct STOWSenderTests {
  /// The server, for as long as the value lives.
  private final class Peer {
    let port: Int
    private let process = Process()

    init(certificate: URL? = nil) throws {
      let script = TestEnvironment.packageRoot.appending(path: "Tests/DICOMNetworkTests/Peers/dicomweb.py")
      process.executableURL = TestEnvironment.python
      process.arguments = [script.path] + (certificate.map { [$0.path] } ?? [])
      let output = Pipe()
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
      port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    deinit { process.terminate() }
  }

  private let folder: URL

  init() throws { folder = try TestEnvironment.temporaryFolder() }

  /// Objects that hold their UID: of study 1 those with odd numbers, of study 2 the others.
  private func objects(_ count: Int, bytes: Int = 0) throws -> [SentObject] {
    try (1...count).map { number in
      let uid = "1.2.\(number)"
      let file = folder.appending(path: "\(uid).dcm")
      let text = "\(uid) " + String(repeating: "x", count: bytes)
      try text.write(to: file, atomically: true, encoding: .utf8)
      return SentObject(
        id: Int64(number), path: file.path, content: ContentDigest(of: Data(text.utf8)), sopClassUID: "1.2",
        sopInstanceUID: uid, studyInstanceUID: "\(number % 2)")
    }
  }

  /// What a server in a mode says to objects.
  private func send(
    _ objects: [SentObject], to mode: String, scheme: String = "http", of peer: Peer? = nil,
    change: (inout DICOMwebEndpoint) -> Void = { _ in }
  ) async throws -> (answers: [Int64: PeerAnswer], trouble: PeerTrouble?) {
    let peer = try peer ?? Peer()
    defer { withExtendedLifetime(peer) {} }
    var endpoint = DICOMwebEndpoint(url: "\(scheme)://localhost:\(peer.port)/\(mode)/studies")
    endpoint.answerSeconds = 30
    change(&endpoint)
    let sender: any ObjectSender
    do { sender = try PeerEndpoint.web(endpoint).sender() } catch let trouble as PeerTrouble {
      return ([:], trouble)
    }
    let answers = Mutex<[Int64: PeerAnswer]>([:])
    let trouble = await sender.send(objects) { news in
      if case .answered(let id, let answer) = news { answers.withLock { $0[id] = answer } }
    } isStopping: {
      false
    }
    await sender.close()
    return (answers.withLock { $0 }, trouble)
  }

  @Test(arguments: ["ok", "xml"]) func everyObjectHasItsAnswer(mode: String) async throws {
    let (answers, trouble) = try await send(objects(5, bytes: 700_000), to: mode)
    #expect(trouble == nil)
    #expect(answers.count == 5 && answers.values.allSatisfy { $0 == .taken("200") }, "\(answers)")
  }

  @Test func halfIsHalf() async throws {
    let (answers, trouble) = try await send(objects(4), to: "half")
    #expect(trouble == nil)
    // Of each study the second.
    #expect(
      answers == [
        1: .taken("202"), 2: .taken("202"), 3: .refusedForNow("A700"), 4: .refusedForNow("A700"),
      ])
  }

  @Test func oneThatTheServerCannotBearTakesNoOtherWithIt() async throws {
    let (answers, trouble) = try await send(objects(6), to: "poison")
    #expect(trouble == nil)
    #expect(answers[2] == .refusedForGood("400: it holds DOE^JOHN"))
    #expect(answers.count == 6 && answers.values.filter { $0 == .taken("200") }.count == 5, "\(answers)")
  }

  @Test func whatIsNoLongerWhatWasWrittenIsNotSent() async throws {
    let objects = try objects(3)
    try "1.2.1 changed".write(to: folder.appending(path: "1.2.1.dcm"), atomically: true, encoding: .utf8)
    try FileManager.default.removeItem(at: folder.appending(path: "1.2.2.dcm"))
    let (answers, _) = try await send(objects, to: "ok")
    #expect(
      answers == [1: .refusedForGood(SentObject.gone), 2: .refusedForGood(SentObject.gone), 3: .taken("200")])
  }

  @Test func credentialsAreShown() async throws {
    let peer = try Peer()
    let objects = try objects(1)
    for credentials in [
      DICOMwebEndpoint.Credentials.basic(user: "me", password: "secret"), .bearer("abc"),
    ] {
      let (answers, _) = try await send(objects, to: "private", of: peer) { $0.credentials = credentials }
      #expect(answers == [1: .taken("200")])
    }
    let (answers, trouble) = try await send(objects, to: "private", of: peer) {
      $0.credentials = .bearer("abd")
    }
    #expect(answers.isEmpty && trouble?.description == "401: the credentials aren't accepted")
  }

  @Test(arguments: [("moved", "redirects aren't followed"), ("busy", "503")])
  func troubleBlamesNoObject(mode: String, words: String) async throws {
    let (answers, trouble) = try await send(objects(2), to: mode)
    #expect(answers.isEmpty)
    #expect(try #require(trouble).description.contains(words), "\(trouble?.description ?? "")")
    if mode == "busy" { #expect(trouble?.retryAfter == 7) }
    #expect(trouble?.onTheirWay == [1])
  }

  /// Perhaps it is the object that the server can't bear: it waits, and whoever sends goes on with others one by one.
  @Test(arguments: ["cut", "endless", "garbage"]) func whatIsCutOffIsTriedAgainByItself(mode: String)
    async throws
  {
    let peer = try Peer()
    let (alone, trouble) = try await send(objects(1), to: mode, of: peer)
    #expect(try #require(trouble).isCut)
    guard case .refusedForNow(let words)? = alone[1] else {
      Issue.record("\(alone)")
      return
    }
    #expect(words.hasPrefix("cut off: "))
    // Of several nobody knows which.
    var several = try objects(3)
    for index in several.indices { several[index].studyInstanceUID = "1" }
    let (together, again) = try await send(several, to: mode, of: peer)
    #expect(together.isEmpty && again?.isCut == true)
  }

  @Test(arguments: ["mute", "stall"]) func whoSaysNothingIsGivenUp(mode: String) async throws {
    let (answers, trouble) = try await send(objects(2, bytes: 8_000_000), to: mode) { $0.answerSeconds = 1 }
    // Its silence is its own fault, until an object alone is proven to be.
    #expect(answers.isEmpty && trouble?.isCut == true && trouble?.onTheirWay == [1])
    #expect(
      try #require(trouble).description.contains("within the time limit"), "\(trouble?.description ?? "")")
  }

  @Test func anAnswerThatDripsForEverIsGivenUp() async throws {
    let (answers, trouble) = try await send(objects(1), to: "drip") {
      $0.answerSeconds = 2
      $0.connectSeconds = 2
    }
    #expect(answers.isEmpty && trouble?.isCut == true && trouble?.onTheirWay == [1])
    #expect(
      try #require(trouble).description.contains("within the time limit"), "\(trouble?.description ?? "")")
  }

  @Test func nobodyThereAndNoSuchName() async throws {
    let objects = try objects(1)
    let (_, refused) = try await send(objects, to: "ok") { $0.url = "http://localhost:1/studies" }
    #expect(try #require(refused).description.contains("no connection to localhost:1"), "\(refused!)")
    let (_, unknown) = try await send(objects, to: "ok") { $0.url = "http://no-such-host.invalid/studies" }
    #expect(unknown != nil)
  }

  @Test func overTLSOnlyWhomAnAuthorityVouchesForIsBelieved() async throws {
    let certificate = folder.appending(path: "peer.pem")
    let made = Process()
    made.executableURL = URL(filePath: "/usr/bin/openssl")
    made.arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj",
      "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", certificate.path, "-out",
      certificate.path + ".crt",
    ]
    made.standardError = FileHandle.nullDevice
    try made.run()
    made.waitUntilExit()
    try #require(made.terminationStatus == 0)
    let both = try Data(contentsOf: certificate) + Data(contentsOf: URL(filePath: certificate.path + ".crt"))
    try both.write(to: certificate)
    let peer = try Peer(certificate: certificate)
    let objects = try objects(1)
    let (believed, _) = try await send(objects, to: "ok", scheme: "https", of: peer) {
      $0.tls.authorities = [certificate.path + ".crt"]
    }
    #expect(believed == [1: .taken("200")])
    let (other, trouble) = try await send(objects, to: "ok", scheme: "https", of: peer)
    #expect(other.isEmpty && trouble?.description.contains("TLS") == true, "\(trouble?.description ?? "")")
    let (named, wrong) = try await send(objects, to: "ok", scheme: "https", of: peer) {
      $0.tls.authorities = [certificate.path + ".crt"]
      $0.url = $0.url.replacing("localhost", with: "127.0.0.1")
    }
    #expect(named.isEmpty && wrong != nil)
    let (anybody, _) = try await send(objects, to: "ok", scheme: "https", of: peer) {
      $0.tls.verification = .none
    }
    #expect(anybody == [1: .taken("200")])
    let (_, missing) = try await send(objects, to: "ok", scheme: "https", of: peer) {
      $0.tls.authorities = ["/nonexistent.pem"]
    }
    #expect(missing?.description.contains("/nonexistent.pem: can't be used for TLS") == true)
  }
}
