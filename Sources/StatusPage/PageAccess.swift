internal import Crypto
import HTTPTypes

/// Who may see and do what. Pure, but for the key that it makes.
///
/// Figures are for everybody who reaches the address where that is this machine only, for holders of the token
/// elsewhere. Pictures and what names a patient are for holders of the token, and so is every change.
public struct PageAccess: Sendable {
  /// What a request may see.
  public enum Right: Int, Comparable, Sendable {
    /// That the program runs.
    case nothing
    /// Figures, coded reasons, tags.
    case figures
    /// Pictures, UIDs, names; changes.
    case everything

    public static func < (left: Right, right: Right) -> Bool { left.rawValue < right.rawValue }
  }

  /// What a request says of itself.
  public struct Claims: Sendable {
    public var host: String?
    public var origin: String?
    public var fetchSite: String?
    public var authorization: String?
    public var cookie: String?

    public init(
      host: String? = nil, origin: String? = nil, fetchSite: String? = nil, authorization: String? = nil,
      cookie: String? = nil
    ) {
      (self.host, self.origin, self.fetchSite) = (host, origin, fetchSite)
      (self.authorization, self.cookie) = (authorization, cookie)
    }

    /// Whether the header `Authorization` has a token.
    var hasBearer: Bool { bearer != nil }

    /// The token of the header `Authorization`; nil where there is none of that kind.
    fileprivate var bearer: String? {
      guard let words = authorization?.split(separator: " ", maxSplits: 1), words.count == 2,
        words[0].lowercased() == "bearer"
      else { return nil }
      return String(words[1])
    }
  }

  package static let cookieName = "mmdicom-session"
  /// A session ends after eight hours: a shift.
  package static let sessionSeconds: Int64 = 8 * 3600
  /// The shortest token.
  public static let shortestToken = 16

  private let isLoopback: Bool
  /// It is served by TLS.
  let isSecure: Bool
  private let token: String?
  /// Signs sessions; new at every start.
  private let key: SymmetricKey

  /// - Parameters:
  ///   - isLoopback: nobody on another machine reaches the address.
  ///   - isSecure: it is served by TLS.
  ///   - token: nil where there is none: then nothing but figures is shown, and nothing can be changed.
  public init(isLoopback: Bool, isSecure: Bool, token: String?) {
    (self.isLoopback, self.isSecure, self.token) = (isLoopback, isSecure, token)
    key = SymmetricKey(size: .bits256)
  }

  /// Whether there is a token that could be given.
  package var hasToken: Bool { token != nil }

  /// Whether the request came to a name of this machine. A page elsewhere whose name was made to point here (DNS
  /// rebinding) doesn't get in.
  package func isAddressed(_ claims: Claims) -> Bool {
    guard isLoopback else { return claims.host != nil }
    guard let host = claims.host, let address = HTTPAddress(host) ?? HTTPAddress("\(host):80") else {
      return false
    }
    return address.isLoopback
  }

  package func right(_ claims: Claims, at now: Int64) -> Right {
    if isBearer(claims) || hasSession(claims, at: now) { return .everything }
    return isLoopback ? .figures : .nothing
  }

  /// Whether a change may be made: by who holds the token, and not by a page of another origin in their browser.
  package func mayChange(_ claims: Claims, at now: Int64) -> Bool {
    guard right(claims, at: now) == .everything else { return false }
    // A program that sends the token itself has no origin.
    return isBearer(claims) && claims.origin == nil && claims.fetchSite == nil || isSameOrigin(claims)
  }

  /// Whether a form was sent by a page of ours.
  package func isSameOrigin(_ claims: Claims) -> Bool {
    guard let host = claims.host, let origin = claims.origin else { return false }
    guard claims.fetchSite == nil || claims.fetchSite == "same-origin" else { return false }
    return origin == "\(isSecure ? "https" : "http")://\(host)"
  }

  package func isToken(_ text: String) -> Bool { token.map { isSame(text, $0) } ?? false }

  /// Compares in a time that doesn't tell how much was right.
  private func isSame(_ given: some StringProtocol, _ known: String) -> Bool {
    let code = HMAC<SHA256>.authenticationCode(for: Array(given.utf8), using: key)
    return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Array(known.utf8), using: key)
  }

  private func isBearer(_ claims: Claims) -> Bool { claims.bearer.map { isToken($0) } ?? false }

  /// Whether a token was given that isn't the one.
  package func isWrongBearer(_ claims: Claims) -> Bool { claims.bearer.map { !isToken($0) } ?? false }

  // MARK: Sessions

  /// The header `Set-Cookie` of a session that begins now. It holds when it ends and a signature, not the token.
  package func session(at now: Int64) -> String {
    let end = now + Self.sessionSeconds
    return cookie("\(end).\(signature(end))", seconds: Self.sessionSeconds)
  }

  package var endOfSession: String { cookie("", seconds: 0) }

  private func cookie(_ value: String, seconds: Int64) -> String {
    "\(Self.cookieName)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict\(isSecure ? "; Secure" : "")"
  }

  private func hasSession(_ claims: Claims, at now: Int64) -> Bool {
    guard token != nil, let cookies = claims.cookie else { return false }
    return cookies.split(separator: ";").contains { cookie in
      let pair = cookie.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, pair[0] == Self.cookieName else { return false }
      let parts = pair[1].split(separator: ".")
      guard parts.count == 2, let end = Int64(parts[0]), end > now, end <= now + Self.sessionSeconds else {
        return false
      }
      return isSame(parts[1], signature(end))
    }
  }

  private func signature(_ end: Int64) -> String {
    HMAC<SHA256>.authenticationCode(for: Array("session \(end)".utf8), using: key).map {
      ($0 < 16 ? "0" : "") + String($0, radix: 16)
    }.joined()
  }
}

extension PageAccess.Claims {
  private static let fetchSiteName = HTTPField.Name("Sec-Fetch-Site")

  init(_ head: HTTPRequest) {
    let headers = head.headerFields
    self.init(
      host: head.authority, origin: headers[.origin],
      fetchSite: Self.fetchSiteName.flatMap { headers[$0] },
      authorization: headers[.authorization], cookie: headers[.cookie])
  }
}
