import Foundation
import Glibc
import Logging
import StatusPage
import Synchronization
import Testing

@Suite("The server, by real connections")
struct ServerTests {
  private static let token = "0123456789abcdef0123"

  /// Knows one study and one picture.
  private final class Desk: StudyDesk {
    let retried = Mutex<[Choice]>([])

    func study(_ name: StudyName) -> StudyView? {
      guard name.text == "0a1b2c3d" || name.text == "1.2.3" else { return nil }
      let file = StudyView.File(
        tag: "0a1b2c3d", name: "DOE<JANE>.dcm", sopInstanceUID: "1.2.3.4", state: "analysed", reason: "",
        came: "now", finished: "now", timesSeen: 1, attempts: 1, previews: [7],
        chain: [.init(step: "file", sha256: "ab", detail: "")], deliveries: [], events: [])
      return StudyView(studyInstanceUID: "1.2.3", patient: "P<1>", files: [file])
    }

    func preview(of result: Int64) -> [UInt8]? { result == 7 ? [0x89, 0x50] : nil }

    func retry(_ choice: Choice) -> Int {
      retried.withLock { $0.append(choice) }
      return choice == .reason("gone") ? 0 : 1
    }

    func dismiss(_ choice: Choice) throws -> Int { throw POSIXError(.EIO) }
  }

  private static func status(problems: [String] = []) -> PublishedStatus {
    var view = StatusView()
    view.tiles = [.init("Queued", "3")]
    view.studies = [
      .init(
        tag: "0a1b2c3d", status: "analysed", reason: "", finished: "now", preview: 7, patient: "PATIENT-1")
    ]
    view.troubles = [
      .init(
        reason: "truncated", count: 30,
        files: [.init(tag: "ffffffff", state: "rejected", came: "now", name: "DOE<b>.dcm")])
    ]
    view.destinations = [
      .init(name: "pacs", waiting: 3, sent: 1, failed: 0, oldest: "9 s", pause: "pauses: no way to 10.0.0.5")
    ]
    view.configuration = [.init("inbox", "/in")]
    // They aren't out of date before somebody asks, however busy the machine is.
    return PublishedStatus(
      problems: problems, metrics: [MetricFamily("a_b", .gauge, help: "A.", 1)], view: view,
      takenAt: .now + .seconds(3600))
  }

  /// Runs a server on a free port of this machine while `body` asks it, on a thread of its own.
  private func serving(
    token: String? = token, board: StatusBoard = StatusBoard(), isAlive: Bool = true, publish: Bool = true,
    desk: any StudyDesk = Desk(), formPatience: Duration? = nil,
    _ body: @escaping @Sendable (RawClient) throws -> Void
  ) async throws {
    if publish { board.publish(Self.status()) }
    var server = try PageServer(
      .address(HTTPAddress(host: "127.0.0.1", port: 0)), certificate: nil,
      access: PageAccess(isLoopback: true, isSecure: false, token: token), board: board, desk: desk,
      isAlive: { isAlive }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    if let formPatience { server.formPatience = formPatience }
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [server] in try await server.run { listening.yield($0) } }
      for await port in ports {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
          Thread.detachNewThread { done.resume(with: Result { try body(RawClient(port: port)) }) }
        }
        break
      }
      group.cancelAll()
    }
  }

  @Test func health() async throws {
    try await serving { (client: RawClient) throws in
      #expect(try client.request("GET", "/healthz").status == 200)
      #expect(try client.request("GET", "/readyz").body == "ok\n")
      let metrics = try client.request("GET", "/metrics")
      #expect(metrics.status == 200 && metrics.body.hasSuffix("a_b 1\n"))
      #expect(metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
    }
    try await serving(isAlive: false, publish: false) { (client: RawClient) throws in
      #expect(try client.request("GET", "/healthz").status == 503)
      #expect(try client.request("GET", "/readyz").status == 503)
      #expect(try client.request("GET", "/metrics").status == 503)
      #expect(try client.request("GET", "/").headers["retry-after"] == "2")
    }
    let board = StatusBoard()
    board.publish(Self.status(problems: ["outbox: /out: Permission denied"]))
    try await serving(board: board, publish: false) { (client: RawClient) throws in
      let answer = try client.request("GET", "/readyz")
      #expect(answer.status == 503 && answer.body == "outbox: /out: Permission denied\n")
    }
    var old = Self.status()
    old.takenAt = .now - .seconds(100)
    board.publish(old)
    try await serving(board: board, publish: false) { (client: RawClient) throws in
      #expect(try client.request("GET", "/readyz").body == "the figures are out of date\n")
    }
  }

  @Test("names and pictures only with the token; what strangers wrote is escaped")
  func names() async throws {
    try await serving { (client: RawClient) throws in
      let plain = try client.request("GET", "/")
      #expect(plain.status == 200 && plain.body.contains("Queued") && plain.body.contains("0a1b2c3d"))
      for secret in ["PATIENT-1", "DOE", "/preview/", "action=\"/retry\"", "<dd>/in</dd>", "10.0.0.5"] {
        #expect(!plain.body.contains(secret), "\(secret)")
      }
      #expect(plain.body.contains(">pauses</td>"))
      for path in ["/study/0a1b2c3d", "/preview/7"] {
        #expect([303, 401].contains(try client.request("GET", path).status))
      }
      let key = ["Authorization": "Bearer \(Self.token)"]
      let all = try client.request("GET", "/", headers: key)
      #expect(all.body.contains("PATIENT-1") && all.body.contains("DOE&lt;b&gt;.dcm"))
      #expect(all.body.contains("<dd>/in</dd>") && all.body.contains(">pauses: no way to 10.0.0.5</td>"))
      #expect(all.body.contains("and 29 more") && all.body.contains("/preview/7"))
      let study = try client.request("GET", "/study/1.2.3", headers: key)
      #expect(study.status == 200 && study.body.contains("DOE&lt;JANE&gt;.dcm"))
      #expect(try client.request("GET", "/preview/7", headers: key).headers["content-type"] == "image/png")
      #expect(try client.request("GET", "/preview/8", headers: key).status == 404)
      #expect(try client.request("GET", "/study/9.9", headers: key).status == 404)
      #expect(try client.request("GET", "/study/../../etc/passwd", headers: key).status == 404)
    }
    try await serving(token: nil) { (client: RawClient) throws in
      #expect(try client.request("GET", "/study/1.2.3").status == 403)
      #expect(try client.request("GET", "/").body.contains("http_token_file"))
    }
  }

  @Test func headers() async throws {
    try await serving { (client: RawClient) throws in
      for path in ["/", "/metrics", "/nothing", "/page.css", "/sign-in"] {
        let headers = try client.request("GET", path).headers
        #expect(headers["content-security-policy"]?.hasPrefix("default-src 'none'; style-src 'self'") == true)
        #expect(headers["x-content-type-options"] == "nosniff" && headers["x-frame-options"] == "DENY")
        #expect(headers["referrer-policy"] == "same-origin")
        #expect(headers["cache-control"] == (path == "/page.css" ? "no-cache" : "no-store"))
      }
      let head = try client.request("HEAD", "/")
      #expect(head.status == 200 && head.body.isEmpty)
      #expect((head.headers["content-length"].flatMap { Int($0) } ?? 0) > 1000)
    }
  }

  @Test func signingInAndOut() async throws {
    try await serving { (client: RawClient) throws in
      let origin = "http://127.0.0.1:\(client.port)"
      #expect(try client.request("POST", "/sign-in", body: "token=\(Self.token)").status == 403)
      let wrong = try client.request("POST", "/sign-in", headers: ["Origin": origin], body: "token=x")
      #expect(wrong.status == 403 && wrong.body.contains("isn't the token"))
      let right = try client.request(
        "POST", "/sign-in", headers: ["Origin": origin], body: "token=\(Self.token)")
      #expect(right.status == 303 && right.headers["location"] == "/")
      let cookie = try #require(right.headers["set-cookie"])
      #expect(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains(Self.token))
      let pair = String(cookie.prefix { $0 != ";" })
      #expect(try client.request("GET", "/", headers: ["Cookie": pair]).body.contains("PATIENT-1"))
      for _ in 1..<SignInAttempts.mostPerMinute {
        _ = try client.request("POST", "/sign-in", headers: ["Origin": origin], body: "token=x")
      }
      let after = try client.request(
        "POST", "/sign-in", headers: ["Origin": origin], body: "token=\(Self.token)")
      // Unless the minute was over meanwhile.
      #expect([429, 303].contains(after.status))
    }
  }

  @Test("wrong tokens in headers count like those in forms, and keep no right one out")
  func wrongTokens() async throws {
    let board = StatusBoard()
    try await serving(board: board) { (client: RawClient) throws in
      let wrong = ["Authorization": "Bearer wrong"]
      var answers: [Int] = []
      // More than fit into two minutes, so that one of them is over whenever this begins.
      for _ in 0..<(3 * SignInAttempts.mostPerMinute) {
        answers.append(try client.request("GET", "/preview/7", headers: wrong).status)
      }
      #expect(answers.first == 401 && answers.contains(429))
      let origin = "http://127.0.0.1:\(client.port)"
      let form = try client.request("POST", "/sign-in", headers: ["Origin": origin], body: "token=x")
      #expect([429, 403].contains(form.status))
      let right = try client.request(
        "POST", "/sign-in", headers: ["Origin": origin], body: "token=\(Self.token)")
      #expect(right.status == 303)
      let key = ["Authorization": "Bearer \(Self.token)"]
      #expect(try client.request("GET", "/preview/7", headers: key).status == 200)
      // Who gives none isn't meant.
      #expect(try client.request("GET", "/metrics").status == 200)
    }
    #expect(board.wrongTokens == 3 * SignInAttempts.mostPerMinute + 1)
  }

  @Test("who guesses isn't told which token is right by how fast it is answered")
  func guessing() async throws {
    try await serving { (client: RawClient) throws in
      // Rendered, so that it could be answered at once.
      _ = try client.request("GET", "/metrics")
      func text(_ token: String, isLast: Bool = false) -> String {
        "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:\(client.port)\r\nAuthorization: Bearer \(token)\r\n"
          + (isLast ? "Connection: close\r\n\r\n" : "\r\n")
      }
      // Once more where the minute was over meanwhile.
      for _ in 0..<3 {
        let minute = time(nil) / 60
        for _ in 0..<SignInAttempts.mostPerMinute { _ = try client.send(text("wrong", isLast: true)) }
        let begun = ContinuousClock.now
        let descriptor = try client.connected()
        defer { close(descriptor) }
        let requests =
          ["wrong", "wrong", "wrong", Self.token].map { text($0) } + [text("wrong", isLast: true)]
        _ = unsafe Glibc.send(descriptor, requests.joined(), requests.joined().utf8.count, 0)
        let answers = String(decoding: client.read(descriptor), as: UTF8.self)
        let took = begun.duration(to: .now)
        guard time(nil) / 60 == minute else { continue }
        let statuses = answers.matches(of: /HTTP\/1.1 ([0-9]{3})/).map { String($0.1) }
        #expect(statuses == ["429", "429", "429", "200", "429"])
        #expect(took >= SignInAttempts.pace * 4)
        return
      }
    }
  }

  @Test("what is ready is answered at once, in its turn, and as it is answered otherwise")
  func quickAnswers() async throws {
    let board = StatusBoard()
    try await serving(board: board) { (client: RawClient) throws in
      // The first has to be rendered, the second is there already.
      let slow = try client.request("GET", "/metrics")
      let host = "Host: 127.0.0.1:\(client.port)\r\n"
      // Kept open, one behind the other, with one in between that isn't answered at once, and a last that closes.
      let paths = ["/metrics", "/metrics", "/page.css", "/metrics", "/healthz", "/metrics"]
      let requests = paths.map { "GET \($0) HTTP/1.1\r\n\(host)\r\n" }
      let last = "GET /nothing HTTP/1.1\r\n\(host)Connection: close\r\n\r\n"
      let descriptor = try client.connected()
      defer { close(descriptor) }
      let text = requests.joined() + last
      _ = unsafe Glibc.send(descriptor, text, text.utf8.count, 0)
      let answers = String(decoding: client.read(descriptor), as: UTF8.self)
      let types = answers.matches(of: /content-type: ([a-z\/]+)/.ignoresCase()).map { String($0.1) }
      #expect(
        types == [
          "text/plain", "text/plain", "text/css", "text/plain", "text/plain", "text/plain", "text/plain",
        ])
      let bodies = answers.components(separatedBy: "\r\n\r\n")
      #expect(bodies.count == paths.count + 2)
      for index in [1, 2, 4, 6] { #expect(bodies[index].hasPrefix(slow.body)) }
      #expect(answers.hasSuffix("there is nothing here\n"))
      let quick = try #require(RawClient.answer(Array(answers.utf8)))
      #expect(quick.headers == slow.headers.filter { $0.key != "connection" })
    }
    #expect(board.answers == [200: 7, 404: 1])
  }

  @Test("a publication replaces what was rendered, at once and for everybody")
  func publications() async throws {
    let board = StatusBoard()
    try await serving(board: board, publish: false) { (client: RawClient) throws in
      for number in 1...20 {
        var status = Self.status()
        status.view.tiles = [.init("Queued", "number-\(number)")]
        status.metrics = [MetricFamily("a_b", .gauge, help: "A.", Double(number))]
        board.publish(status)
        for key in [nil, "Bearer \(Self.token)"] {
          let headers = key.map { ["Authorization": $0] } ?? [:]
          #expect(try client.request("GET", "/", headers: headers).body.contains("number-\(number)<"))
          #expect(try client.request("GET", "/metrics", headers: headers).body.hasSuffix("a_b \(number)\n"))
        }
      }
    }
  }

  @Test func changes() async throws {
    let desk = Desk()
    try await serving(desk: desk) { (client: RawClient) throws in
      let key = ["Authorization": "Bearer \(Self.token)"]
      #expect(try client.request("POST", "/retry", body: "name=0a1b2c3d").status == 401)
      let foreign = key.merging(["Origin": "http://evil.example"]) { $1 }
      #expect(try client.request("POST", "/retry", headers: foreign, body: "name=0a1b2c3d").status == 403)
      #expect(desk.retried.withLock { $0 } == [])
      #expect(try client.request("POST", "/retry", headers: key, body: "name=0a1b2c3d").status == 303)
      #expect(try client.request("POST", "/retry", headers: key, body: "reason=gone").status == 409)
      #expect(try client.request("POST", "/retry", headers: key, body: "name=../x").status == 400)
      #expect(try client.request("POST", "/dismiss", headers: key, body: "reason=truncated").status == 503)
      #expect(desk.retried.withLock { $0 } == [.named(StudyName("0a1b2c3d")!), .reason("gone")])
    }
  }

  @Test("what no browser sends gets its status, and the server goes on")
  func badInput() async throws {
    try await serving { (client: RawClient) throws in
      let host = "Host: 127.0.0.1\r\n"
      #expect(
        try client.send("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").status == 421)
      #expect(try client.request("GET", "/" + String(repeating: "a", count: 5000)).status == 414)
      #expect(
        try client.request("GET", "/", headers: ["X-A": String(repeating: "a", count: 13_000)]).status == 431)
      #expect(
        try client.request("GET", "/", headers: ["X-A": String(repeating: "a", count: 60_000)]).status == 400)
      #expect(try client.send("nonsense\r\n\r\n").status == 400)
      #expect(try client.send("GET / HTTP/1.1\r\n\(host)Content-Length: x\r\n\r\n").status == 400)
      #expect(try client.request("BREW", "/").status == 400)
      #expect(try client.request("PATCH", "/").status == 405)
      #expect(try client.request("DELETE", "/metrics").headers["allow"] == "GET, HEAD")
      let long = String(repeating: "a=b&", count: 5000)
      let origin = ["Origin": "http://127.0.0.1:\(client.port)"]
      #expect(try client.request("POST", "/sign-in", headers: origin, body: long).status == 413)
      let begun = "POST /sign-in HTTP/1.1\r\n\(host)Origin: http://127.0.0.1\r\nContent-Length: 10\r\n\r\nto"
      #expect(try client.send(begun).status == 408)
      #expect(try client.request("GET", "/healthz").status == 200)
    }
  }

  /// Computes until it is over, and for half a minute at most.
  private final class Work: Sendable {
    let begun = Mutex(0)
    let isOver = Mutex(false)

    func compute() {
      begun.withLock { $0 += 1 }
      let end = ContinuousClock.now + .seconds(30)
      while !isOver.withLock({ $0 }), ContinuousClock.now < end {}
    }
  }

  @Test("a form that doesn't come is answered in time, however busy the work keeps its own threads")
  func busyWork() async throws {
    try await serving(formPatience: .milliseconds(50)) { (client: RawClient) throws in
      let work = Work()
      defer { work.isOver.withLock { $0 = true } }
      let threads = ProcessInfo.processInfo.activeProcessorCount
      for _ in 0..<threads { Task.detached { work.compute() } }
      while work.begun.withLock({ $0 }) < threads { usleep(1000) }
      let form =
        "POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nContent-Length: 10\r\n\r\nto"
      #expect(try client.send(form).status == 408)
    }
  }

  @Test("who says nothing is cut off, and a thousand of them keep nobody out for long")
  func silentOnes() async throws {
    try await serving { (client: RawClient) throws in
      let silent = try (0..<400).map { _ in try client.connected(seconds: 60) }
      defer { for descriptor in silent { close(descriptor) } }
      // Those beyond the limit were closed at once, the others when their patience was over.
      for descriptor in silent { #expect(client.read(descriptor).isEmpty) }
      #expect(try client.request("GET", "/healthz").status == 200)
    }
  }

  @Test func events() async throws {
    let board = StatusBoard()
    try await serving(board: board) { (client: RawClient) throws in
      let descriptor = try client.connected()
      defer { close(descriptor) }
      let request = "GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
      _ = unsafe Glibc.send(descriptor, request, request.utf8.count, 0)
      var text = ""
      var part = [UInt8](repeating: 0, count: 65_536)
      func until(_ words: String) {
        while !text.contains(words) {
          let count = unsafe recv(descriptor, &part, part.count, 0)
          guard count > 0 else { return }
          text += String(decoding: part[..<count], as: UTF8.self)
        }
      }
      until("retry: 5000")
      #expect(text.contains("Content-Type: text/event-stream"))
      board.publish(Self.status())
      until("event: deliveries")
      #expect(text.contains("event: summary\r\n") || text.contains("event: summary\n"))
      #expect(!text.contains("PATIENT-1"))
      // The same again is nothing new.
      text = ""
      board.publish(Self.status())
      until("nothing new")
      #expect(!text.contains("event:"))
    }
  }

  @Test func watchersAreFew() {
    let board = StatusBoard()
    var watchers = (0..<StatusBoard.mostWatchers).map { _ in board.watch() }
    #expect(watchers.allSatisfy { $0 != nil })
    #expect(board.watch() == nil)
    watchers.removeLast()
    #expect(board.watch() != nil)
  }
}
