import Foundation
import FoundationNetworking
import Glibc
import TestSupport
import Testing

@Suite(
  "The status page of mmdicom serve", .enabled(if: Program.url != nil, "the program isn't built"), .serialized
)
struct StatusPageTests {
  private static let token = "0123456789abcdef0123"
  /// What the machine's disk holds is none of these tests' business.
  private let program: Program
  private let port: Int

  init() throws {
    program = try Program()
    port = Int(TestEnvironment.freePort())
    try program.write(Self.token + "\n", "token")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600], ofItemAtPath: program.folder.appending(path: "token").path)
    try program.configureService("http: 127.0.0.1:\(port)\nhttp_token_file: token")
  }

  private func ask(
    _ path: String, token: Bool = false, form: String? = nil
  ) async throws -> (status: Int, body: String, data: Data) {
    var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
    if token { request.setValue("Bearer \(Self.token)", forHTTPHeaderField: "Authorization") }
    if let form {
      request.httpMethod = "POST"
      request.httpBody = Data(form.utf8)
    }
    let (data, response) = try await URLSession.shared.data(for: request)
    return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self), data)
  }

  /// Asks until the answer is as it should be, for a minute at most.
  private func ask(
    _ path: String, token: Bool = false, until isRight: (Int, String) -> Bool,
    at place: SourceLocation = #_sourceLocation
  ) async throws -> String {
    var last = ""
    for _ in 0..<300 {
      if let answer = try? await ask(path, token: token) {
        if isRight(answer.status, answer.body) { return answer.body }
        last = "\(answer.status) \(answer.body)"
      }
      try await Task.sleep(for: .milliseconds(200))
    }
    Issue.record("not within a minute; last: \(last.prefix(2000))", sourceLocation: place)
    return last
  }

  private func phantom() async throws {
    let outcome = try await program.run(
      "archive", "phantom", "--output", "phantoms", "--count", "1", "--size", "256")
    try #require(outcome.status == 0, "\(outcome.complaints)")
    let image = try #require(program.files("phantoms", ".dcm").first { !$0.hasSuffix(".seg.dcm") })
    try FileManager.default.copyItem(
      at: program.folder.appending(path: "phantoms/" + image),
      to: program.folder.appending(path: "inbox/DOE-JANE.dcm"))
  }

  @Test("health, metrics and pages beside the work; a rejected file is dismissed, and retried")
  func walk() async throws {
    let (process, _, complaints) = try program.start(["serve", "--config", "mmdicom.yaml"])
    async let log = Program.text(of: complaints)
    _ = try await ask("/readyz") { status, _ in status == 200 }
    #expect(try await ask("/healthz").body == "ok\n")
    try await phantom()
    try program.write("text", "inbox/DOE-JOHN.txt")
    let metrics = try await ask("/metrics") { _, body in
      body.contains("mmdicom_results_total{status=\"analysed\",reason=\"\"} 1\n")
        && body.contains("mmdicom_attention_files{reason=\"not_dicom\"} 1\n")
    }
    #expect(metrics.contains("mmdicom_stage_duration_seconds_count{stage=\"total\"} 2\n"))
    #expect(metrics.contains("mmdicom_ready 1\n"))
    #expect(metrics.contains("mmdicom_model_info{model="))
    for name in ["DOE", "1.2.826"] { #expect(!metrics.contains(name)) }
    if let promtool = TestEnvironment.tool("promtool") {
      try program.write(metrics, "metrics")
      let (status, said) = try TestEnvironment.run(
        URL(filePath: "/bin/sh"),
        ["-c", "\(promtool.path) check metrics < \(program.folder.path)/metrics"])
      #expect(status == 0 && said.isEmpty, "\(said)")
    }

    let page = try await ask("/", token: true) { _, body in
      body.contains("DOE-JOHN") && body.contains("/preview/")
    }
    let tag = try #require(page.firstMatch(of: /href="\/study\/([0-9a-f]{8})" tabindex/)).1
    let study = try await ask("/study/\(tag)", token: true)
    #expect(
      study.status == 200 && study.body.contains("DOE-JANE.dcm") && study.body.contains("result overlay"))
    let number = try #require(study.body.firstMatch(of: /\/preview\/(\d+)/)).1
    let picture = try await ask("/preview/\(number)", token: true)
    #expect(picture.status == 200 && picture.data.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    for path in ["/study/\(tag)", "/preview/\(number)"] {
      // A browser is led to the sign-in.
      let stranger = try await ask(path)
      #expect(stranger.status == 401 || stranger.body.contains("Sign in"), "\(path)")
      #expect(!stranger.body.contains("DOE"))
    }
    #expect(try await !ask("/").body.contains("DOE"))

    _ = try await ask("/dismiss", token: true, form: "reason=not_dicom")
    let dismissed = try await ask("/metrics") { _, body in !body.contains("mmdicom_attention_files") }
    #expect(dismissed.contains("mmdicom_files{state=\"rejected\"} 1\n"))
    #expect(try await ask("/dismiss", token: true, form: "reason=not_dicom").status == 409)
    #expect(try await ask("/retry", form: "reason=not_dicom").status == 401)
    _ = try await ask("/retry", token: true, form: "reason=not_dicom")
    _ = try await ask("/metrics") { _, body in
      body.contains("mmdicom_results_total{status=\"rejected\",reason=\"not_dicom\"} 2\n")
        && body.contains("mmdicom_attention_files{reason=\"not_dicom\"} 1\n")
    }
    process.terminate()
    let said = await log
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(said)")
    #expect(!said.contains("DOE"))
    #expect(try await program.run("audit", "--config", "mmdicom.yaml").status == 0)
  }

  @Test("a port that is taken costs the page, not the reading")
  func portTaken() async throws {
    let other = try Program()
    try other.configureService("http: 127.0.0.1:\(port)")
    let (first, _, firstLog) = try program.start(["serve", "--config", "mmdicom.yaml"])
    async let firstSaid = Program.text(of: firstLog)
    _ = try await ask("/healthz") { status, _ in status == 200 }
    let (second, _, secondLog) = try other.start(["serve", "--config", "mmdicom.yaml"])
    async let secondSaid = Program.text(of: secondLog)
    await other.wait { [other] in other.exists("inbox") }
    try other.write("text", "inbox/a.txt")
    await other.wait { [other] in other.exists("rejected/a.txt") }
    for process in [first, second] { process.terminate() }
    let (_, said) = await (firstSaid, secondSaid)
    for process in [first, second] { process.waitUntilExit() }
    #expect(second.terminationStatus == 0)
    #expect(said.contains("no status page for now; reading goes on"), "\(said)")
  }

  @Test("an address that others reach needs a token and TLS: else 78")
  func beyondLoopback() async throws {
    for (lines, words) in [
      ("http: 0.0.0.0:\(port)", "http_token_file, and http_certificate and http_key must be set"),
      ("http: 127.0.0.1:\(port)\nhttp_token_file: short", "its first line must be 16 visible characters"),
      ("http: 127.0.0.1:\(port)\nhttp_token_file: open", "everybody may read it"),
      ("http: 127.0.0.1:\(port)\nhttp_certificate: token\nhttp_key: token", "can't be used for TLS"),
    ] {
      try program.write("short", "short")
      try program.write("0123456789abcdef0123", "open")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o600], ofItemAtPath: program.folder.appending(path: "short").path)
      try program.configureService(lines)
      let outcome = try await program.run("serve", "--config", "mmdicom.yaml")
      #expect(outcome.status == 78 && outcome.complaints.contains(words), "\(lines): \(outcome.complaints)")
      #expect(!program.exists("outbox"))
    }
  }

  @Test(
    "over TLS with the token",
    .enabled(if: TestEnvironment.tool("openssl") != nil && TestEnvironment.tool("curl") != nil))
  func secure() async throws {
    let folder = program.folder.path
    let (made, said) = try TestEnvironment.run(
      try #require(TestEnvironment.tool("openssl")),
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj",
        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "\(folder)/key.pem", "-out",
        "\(folder)/chain.pem",
      ])
    try #require(made == 0, "\(said)")
    try program.configureService(
      "http: 0.0.0.0:\(port)\nhttp_token_file: token\nhttp_certificate: chain.pem\nhttp_key: key.pem"
    )
    let (process, _, complaints) = try program.start(["serve", "--config", "mmdicom.yaml"])
    async let log = Program.text(of: complaints)
    let curl = try #require(TestEnvironment.tool("curl"))
    func ask(_ path: String, _ more: String...) throws -> String {
      try TestEnvironment.run(
        curl,
        ["-s", "--cacert", "\(folder)/chain.pem", "-o", "/dev/null", "-w", "%{http_code}"] + more
          + ["https://localhost:\(port)\(path)"]
      ).output
    }
    for _ in 0..<300 {
      if try ask("/readyz") == "200" { break }
      try await Task.sleep(for: .milliseconds(200))
    }
    #expect(try ask("/healthz") == "200")
    #expect(try ask("/metrics") == "401")
    #expect(try ask("/") == "303")
    #expect(try ask("/metrics", "-H", "Authorization: Bearer \(Self.token)") == "200")
    #expect(try ask("/metrics", "-H", "Authorization: Bearer \(Self.token)x") == "401")
    process.terminate()
    _ = await log
    process.waitUntilExit()
  }
}
