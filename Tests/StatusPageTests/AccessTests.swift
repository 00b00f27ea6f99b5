import NIOCore
import StatusPage
import Testing

@Suite("Who may see and do what")
struct AccessTests {
  private static let token = "0123456789abcdef0123"
  private let local = PageAccess(isLoopback: true, isSecure: false, token: token)
  private let open = PageAccess(isLoopback: false, isSecure: true, token: token)

  private func session(_ access: PageAccess, at now: Int64) -> String {
    String(access.session(at: now).prefix { $0 != ";" })
  }

  @Test func rights() {
    #expect(local.right(.init(), at: 0) == .figures)
    #expect(open.right(.init(), at: 0) == .nothing)
    for access in [local, open] {
      #expect(access.right(.init(authorization: "Bearer \(Self.token)"), at: 0) == .everything)
      #expect(access.right(.init(authorization: "bearer \(Self.token)"), at: 0) == .everything)
      #expect(access.right(.init(authorization: "Bearer \(Self.token)0"), at: 0) < .everything)
      #expect(access.right(.init(authorization: "Basic \(Self.token)"), at: 0) < .everything)
      #expect(access.right(.init(authorization: "Bearer "), at: 0) < .everything)
      #expect(access.right(.init(cookie: "a=b; \(session(access, at: 0))"), at: 60) == .everything)
    }
  }

  @Test func sessionsEndAndCantBeMade() {
    let cookie = session(local, at: 1000)
    let end = 1000 + PageAccess.sessionSeconds
    #expect(local.right(.init(cookie: cookie), at: end - 1) == .everything)
    #expect(local.right(.init(cookie: cookie), at: end) == .figures)
    // With another end, of another start, or by who has no token at all.
    let signature = cookie.split(separator: ".")[1]
    #expect(
      local.right(.init(cookie: "\(PageAccess.cookieName)=\(end + 9).\(signature)"), at: 1000) == .figures)
    #expect(open.right(.init(cookie: cookie), at: 1000) == .nothing)
    let none = PageAccess(isLoopback: true, isSecure: false, token: nil)
    #expect(none.right(.init(cookie: session(none, at: 0)), at: 0) == .figures)
    #expect(none.right(.init(authorization: "Bearer "), at: 0) == .figures)
  }

  @Test func changesComeFromOurPagesOnly() {
    let cookie = session(local, at: 0)
    func may(_ origin: String?, site: String? = nil, bearer: Bool = false) -> Bool {
      local.mayChange(
        .init(
          host: "127.0.0.1:9142", origin: origin, fetchSite: site,
          authorization: bearer ? "Bearer \(Self.token)" : nil, cookie: bearer ? nil : cookie), at: 0)
    }
    #expect(may("http://127.0.0.1:9142"))
    #expect(may("http://127.0.0.1:9142", site: "same-origin"))
    #expect(!may("http://127.0.0.1:9142", site: "cross-site"))
    #expect(!may("http://elsewhere.example"))
    #expect(!may("http://127.0.0.1:80"))
    #expect(!may("https://127.0.0.1:9142"))
    #expect(!may("null"))
    #expect(!may(nil))
    #expect(may(nil, bearer: true))
    #expect(!may("http://elsewhere.example", bearer: true))
    #expect(!local.mayChange(.init(host: "127.0.0.1:9142", origin: "http://127.0.0.1:9142"), at: 0))
  }

  @Test func namesThatOthersMadePointHereAreRefused() {
    for host in ["127.0.0.1:9142", "localhost", "[::1]:9142", "127.0.0.1"] {
      #expect(local.isAddressed(.init(host: host)), "\(host)")
    }
    for host in ["evil.example", "127.0.0.1.evil.example:9142", "", nil] {
      #expect(!local.isAddressed(.init(host: host)))
    }
    #expect(open.isAddressed(.init(host: "reader.example.org")))
  }

  @Test func wrongTokensAreCounted() {
    let attempts = SignInAttempts()
    for _ in 0..<SignInAttempts.mostPerMinute {
      #expect(attempts.mayTry(at: 60))
      attempts.failed(at: 61)
    }
    #expect(!attempts.mayTry(at: 119))
    #expect(attempts.mayTry(at: 120))
  }

  @Test("who sends wrong tokens keeps nobody else out, and fills no memory")
  func wrongTokensAreCountedByAddress() {
    let attempts = SignInAttempts()
    for _ in 0..<100 { attempts.failed(from: "10.0.0.1", at: 60) }
    #expect(!attempts.mayTry(from: "10.0.0.1", at: 60))
    #expect(attempts.mayTry(from: "10.0.0.2", at: 60))
    for number in 0..<(SignInAttempts.mostAddresses + 100) {
      attempts.failed(from: "2001:db8::\(number)", at: 60)
    }
    // Those beyond the limit count together.
    #expect(!attempts.mayTry(from: "192.0.2.1", at: 60))
    #expect(attempts.mayTry(from: "2001:db8::7", at: 60))
    #expect(attempts.mayTry(from: "192.0.2.1", at: 120))
  }

  @Test("after many wrong ones tokens from there are looked at one after the other, and few wait for that")
  func tokensTakeTurns() {
    let attempts = SignInAttempts()
    let begin = ContinuousClock.now
    func turn(_ address: String = "10.0.0.1", _ milliseconds: Int = 0) -> Duration? {
      attempts.turn(from: address, at: 60, begin + .milliseconds(milliseconds))
    }
    for _ in 0..<SignInAttempts.mostPerMinute {
      #expect(turn() == .zero)
      attempts.failed(from: "10.0.0.1", at: 60)
    }
    let waits = (0..<SignInAttempts.mostWaiting).map { SignInAttempts.pace * $0 }
    #expect(waits.map { _ in turn() } == waits)
    #expect(turn() == nil)
    #expect(turn("10.0.0.2") == .zero)
    // One place is free once a turn is over, and only one.
    #expect(turn("10.0.0.1", 250) == .milliseconds(1750))
    #expect(turn("10.0.0.1", 250) == nil)
    // However long nobody came, two at once take turns.
    #expect(turn("10.0.0.1", 10_000) == .zero)
    #expect(turn("10.0.0.1", 10_000) == .milliseconds(250))
    #expect(attempts.turn(from: "10.0.0.1", at: 120, begin) == .zero)
  }

  @Test(arguments: [
    ("10.1.2.3", "10.1.2.3"), ("::ffff:10.1.2.3", "10.1.2.3"), ("2001:db8:1:2:3:4:5:6", "20:1:d:b8:0:1:0:2"),
    ("2001:db8:1:2::ff", "20:1:d:b8:0:1:0:2"),
  ])
  func callers(address: String, caller: String) throws {
    #expect(try SocketAddress(ipAddress: address, port: 1).caller == caller)
  }

  @Test func wrongBearers() {
    #expect(local.isWrongBearer(.init(authorization: "Bearer x")))
    #expect(!local.isWrongBearer(.init(authorization: "Bearer \(Self.token)")))
    #expect(!local.isWrongBearer(.init(authorization: "Basic x")))
    #expect(!local.isWrongBearer(.init()))
  }
}
