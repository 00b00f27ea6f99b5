import Glibc
import HTTPTypes
import HummingbirdCore
import NIOCore

/// Answers a request: from what was published where it asks for figures, from the daemon's desk where it asks for a study.
struct PageResponder: Sendable {
  let access: PageAccess
  let board: StatusBoard
  let desk: any StudyDesk
  /// Whether the work goes on, asked at each request.
  let isAlive: @Sendable () -> Bool
  let pages: RenderedPages
  let fixedHeaders: HTTPFields
  /// Questions that the desk has or that wait for it: it answers one after the other. A page asks for a dozen pictures.
  private let questions = ConnectionCount(limit: 32)
  let attempts = SignInAttempts()

  /// Figures that are older say nothing any more.
  static let longestSilence = Duration.seconds(60)
  /// All headers together, in bytes.
  static let longestHeaders = 12 << 10
  /// The longest form, in bytes, and the longest time that sending it may take.
  private static let longestForm = 4096
  var formPatience = Duration.seconds(5)

  init(
    access: PageAccess, board: StatusBoard, desk: any StudyDesk, isAlive: @escaping @Sendable () -> Bool
  ) {
    (self.access, self.board, self.desk, self.isAlive) = (access, board, desk, isAlive)
    pages = RenderedPages(board: board, hasToken: access.hasToken)
    fixedHeaders = Self.fixedHeaders(isSecure: access.isSecure)
  }

  func respond(to request: Request, from caller: PageCaller) async -> Response {
    var answer = await answer(request, caller)
    // A form that nobody read is still on its way.
    if request.method != .get, request.method != .head, answer.status.code >= 400 {
      answer.headers[.connection] = "close"
    }
    if request.method == .head { answer = answer.createHeadResponse() }
    board.answered(answer.status.code)
    return answer
  }

  private func answer(_ request: Request, _ caller: PageCaller) async -> Response {
    let route: PageRoute
    do {
      let size = request.headers.reduce(0) { $0 + $1.name.rawName.utf8.count + $1.value.utf8.count }
      guard size <= Self.longestHeaders else {
        return plain(.requestHeaderFieldsTooLarge, "the headers are too long\n")
      }
      route = try PageRoute.of(method: request.method.rawValue, target: request.head.path ?? "")
    } catch { return refusal(error) }
    let claims = PageAccess.Claims(request.head)
    guard access.isAddressed(claims) else {
      return plain(.misdirectedRequest, "this address isn't served here\n")
    }
    let now = Int64(time(nil))
    if claims.hasBearer {
      guard await mayBeRead(caller) else { return tooManyWrongTokens() }
      if access.isWrongBearer(claims), !isTolerated(caller) { return tooManyWrongTokens() }
    }
    let right = access.right(claims, at: now)
    switch route {
    case .alive: return isAlive() ? plain(.ok, "ok\n") : plain(.serviceUnavailable, "the work stands still\n")
    case .ready: return ready(right)
    case .style: return asset(PageFiles.style, "text/css; charset=utf-8")
    case .script: return asset(PageFiles.script, "text/javascript; charset=utf-8")
    case .icon: return asset(PageFiles.icon, "image/svg+xml")
    case .signIn where request.method == .post: return await signIn(request, claims, caller, at: now)
    case .signIn: return html(.ok, pages.signIn(failed: false))
    case .signOut:
      guard access.isSameOrigin(claims) else { return plain(.forbidden, "from another page\n") }
      return redirect(to: "/", cookie: access.endOfSession)
    case .metrics:
      guard right >= .figures else { return unauthorized(isPage: false) }
      guard let text = await pages.text(.metrics) else { return notYet() }
      return metrics(text)
    case .page:
      guard right >= .figures else { return unauthorized(isPage: true) }
      guard let page = await pages.text(.page(right)) else { return notYet() }
      return html(.ok, page)
    case .events:
      guard right >= .figures else { return unauthorized(isPage: false) }
      return events(claims, right)
    case .study(let name):
      guard right == .everything else { return unauthorized(isPage: true) }
      return await question { try await desk.study(name).map { html(.ok, pages.study($0)) } }
    case .preview(let result):
      guard right == .everything else { return unauthorized(isPage: false) }
      return await question { try await desk.preview(of: result).map { png($0) } }
    case .retry, .dismiss:
      guard right == .everything else { return unauthorized(isPage: false) }
      guard access.mayChange(claims, at: now) else { return plain(.forbidden, "from another page\n") }
      return await change(request, caller, route)
    }
  }

  // MARK: Health

  private func ready(_ right: PageAccess.Right) -> Response {
    guard let (_, status) = board.latest() else { return plain(.serviceUnavailable, "starting\n") }
    var problems = status.problems
    if status.takenAt.duration(to: .now) > Self.longestSilence {
      problems.append("the figures are out of date")
    }
    guard !problems.isEmpty else { return plain(.ok, "ok\n") }
    return plain(
      .serviceUnavailable, right >= .figures ? problems.joined(separator: "\n") + "\n" : "not ready\n")
  }

  private func notYet() -> Response { later("starting\n", seconds: 2) }

  // MARK: Live

  private func events(_ claims: PageAccess.Claims, _ right: PageAccess.Right) -> Response {
    guard let changes = board.watch() else { return later("too many watch\n", seconds: 30) }
    return Response(
      status: .ok, headers: headers("text/event-stream"),
      body: ResponseBody { [pages, access] writer in
        var last = PageSections()
        // What somebody has loaded may be older than what was published last.
        try await writer.write(ByteBuffer(string: "retry: 5000\n\n"))
        for await _ in changes {
          // A session may have ended meanwhile.
          guard access.right(claims, at: Int64(time(nil))) >= right else { break }
          guard let sections = await pages.sections(right) else { continue }
          let text = sections.changes(since: last)
          last = sections
          try await writer.write(ByteBuffer(string: text.isEmpty ? ": nothing new\n\n" : text))
        }
        try await writer.finish(nil)
      })
  }

  // MARK: Questions and changes

  private func question(_ body: () async throws -> Response?) async -> Response {
    guard questions.enter() else { return later("others ask already\n", seconds: 1) }
    defer { questions.leave() }
    do {
      return try await body() ?? html(.notFound, pages.notice("Nothing is known of this here."))
    } catch {
      return html(.serviceUnavailable, pages.notice("The ledger can't be asked now; try again in a while."))
    }
  }

  private func change(_ request: Request, _ caller: PageCaller, _ route: PageRoute) async -> Response {
    let fields: [String: String]
    do { fields = try await form(request, caller) } catch { return refusal(error) }
    guard let choice = Choice(fields) else { return plain(.badRequest, "name a file, a study or a reason\n") }
    return await question {
      let count = try await route == .retry ? desk.retry(choice) : desk.dismiss(choice)
      board.stir()
      guard count > 0 else { return html(.conflict, pages.notice("Nothing of that kind waits any more.")) }
      return redirect(to: "/#attention")
    }
  }

  // MARK: Tokens

  /// Waits until a token may be looked at, where many wrong ones came from there.
  /// - Returns: false where so many wait that it isn't looked at.
  private func mayBeRead(_ caller: PageCaller) async -> Bool {
    guard let wait = attempts.turn(from: caller.address, at: Int64(time(nil))) else { return false }
    if wait > .zero { await caller.pause(wait) }
    return !Task.isCancelled
  }

  /// Counts a wrong token.
  /// - Returns: whether it is answered like any other; who sends many is told to wait.
  private func isTolerated(_ caller: PageCaller) -> Bool {
    board.cameWrongToken()
    // Not when the request came: a form, or a turn, is waited for.
    let now = Int64(time(nil))
    defer { attempts.failed(from: caller.address, at: now) }
    return attempts.mayTry(from: caller.address, at: now)
  }

  private func tooManyWrongTokens() -> Response {
    later("too many wrong tokens; wait a minute\n", seconds: 60, .tooManyRequests)
  }

  private func signIn(
    _ request: Request, _ claims: PageAccess.Claims, _ caller: PageCaller, at now: Int64
  ) async -> Response {
    guard access.isSameOrigin(claims) else { return plain(.forbidden, "from another page\n") }
    let fields: [String: String]
    do { fields = try await form(request, caller) } catch { return refusal(error) }
    guard await mayBeRead(caller) else { return tooManyWrongTokens() }
    if let token = fields["token"], access.isToken(token) {
      return redirect(to: "/", cookie: access.session(at: now))
    }
    guard isTolerated(caller) else { return tooManyWrongTokens() }
    return html(.forbidden, pages.signIn(failed: true))
  }

  enum FormFailure: Error { case slow, tooLong, malformed }

  private func form(_ request: Request, _ caller: PageCaller) async throws(FormFailure) -> [String: String] {
    let body = request.body
    let bytes = await withTaskGroup(of: Result<[UInt8], FormFailure>.self) { group in
      group.addTask {
        do {
          let buffer = try await body.collect(upTo: Self.longestForm)
          return .success(Array(buffer.readableBytesView))
        } catch is NIOTooManyBytesError { return .failure(.tooLong) } catch { return .failure(.malformed) }
      }
      group.addTask {
        await caller.pause(formPatience)
        return .failure(.slow)
      }
      defer { group.cancelAll() }
      return await group.next() ?? .failure(.slow)
    }
    guard let fields = FormFields.parse(try bytes.get()) else { throw .malformed }
    return fields
  }
}
