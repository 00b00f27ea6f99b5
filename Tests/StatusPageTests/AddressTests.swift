import StatusPage
import Testing

@Suite("Addresses and paths")
struct AddressTests {
  @Test(arguments: [
    ("127.0.0.1:9142", "127.0.0.1", 9142, true), ("localhost:80", "localhost", 80, true),
    ("[::1]:9142", "::1", 9142, true), ("127.3.2.1:0", "127.3.2.1", 0, true),
    ("0.0.0.0:9142", "0.0.0.0", 9142, false), ("[::]:9142", "::", 9142, false),
    ("10.1.2.3:9142", "10.1.2.3", 9142, false), ("reader.example.org:443", "reader.example.org", 443, false),
    // A name that only looks like one of this machine.
    ("127.0.0.1.example.org:80", "127.0.0.1.example.org", 80, false),
    ("127.0.0:80", "127.0.0", 80, false),
  ])
  func addresses(text: String, host: String, port: Int, isLoopback: Bool) throws {
    let address = try #require(HTTPAddress(text))
    #expect((address.host, address.port, address.isLoopback) == (host, port, isLoopback))
    #expect(address.description == text)
  }

  @Test(arguments: [
    "", "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[::1]", "[x]:80",
    "a b:80",
    "a/b:80",
  ])
  func noAddresses(text: String) { #expect(HTTPAddress(text) == nil) }

  @Test func routes() throws {
    #expect(try PageRoute.of(method: "GET", target: "/") == .page)
    #expect(try PageRoute.of(method: "HEAD", target: "/metrics?x=1") == .metrics)
    #expect(try PageRoute.of(method: "GET", target: "/preview/12") == .preview(12))
    let tag = try #require(StudyName("0a1b2c3d"))
    #expect(try PageRoute.of(method: "GET", target: "/study/0a1b2c3d") == .study(tag))
    #expect(try PageRoute.of(method: "POST", target: "/retry") == .retry)
  }

  @Test(arguments: [
    "/study/../../etc/passwd", "/study/..", "/study/%2e%2e%2fetc%2fpasswd", "/study/1..2", "/study/1.2/..",
    "/study/", "/study/1.2.\(String(repeating: "3", count: 64))", "/study/0a1b2c3", "/study/0a1b2c3g",
    "/preview/-1",
    "/preview/1e3", "/preview/9999999999999999999999", "/preview/..", "/..", "//", "/page.css/x",
    "/study/1.2\u{0}",
  ])
  func nothingThere(target: String) {
    do {
      let route = try PageRoute.of(method: "GET", target: target)
      Issue.record("\(target) led to \(route)")
    } catch { #expect(error == .notFound || error == .badRequest) }
  }

  @Test func refusals() {
    #expect(throws: PageRoute.Refusal.tooLong) {
      try PageRoute.of(method: "GET", target: "/" + String(repeating: "a", count: 1024))
    }
    #expect(throws: PageRoute.Refusal.notAllowed(allowed: "POST")) {
      try PageRoute.of(method: "GET", target: "/retry")
    }
    #expect(throws: PageRoute.Refusal.notAllowed(allowed: "GET, HEAD")) {
      try PageRoute.of(method: "DELETE", target: "/")
    }
    #expect(throws: PageRoute.Refusal.badRequest) { try PageRoute.of(method: "GET", target: "*") }
    #expect(throws: PageRoute.Refusal.badRequest) {
      try PageRoute.of(method: "GET", target: "http://elsewhere/")
    }
  }

  @Test func forms() {
    #expect(FormFields.parse(Array("name=0a1b2c3d&x=a+b%21".utf8)) == ["name": "0a1b2c3d", "x": "a b!"])
    #expect(FormFields.parse(Array("a=%zz".utf8)) == nil)
    #expect(FormFields.parse(Array("a=%ff".utf8)) == nil)
    #expect(Choice(["reason": "uid_conflict"]) == .reason("uid_conflict"))
    #expect(Choice(["reason": "a'b"]) == nil)
    #expect(Choice(["name": "../x"]) == nil)
    #expect(Choice([:]) == nil)
  }
}
