/// What a request asks for. Pure.
package enum PageRoute: Hashable, Sendable {
  case alive, ready, metrics, page, events, style, script, icon, signIn, signOut, retry, dismiss
  case study(StudyName)
  case preview(Int64)

  /// Why there is no answer, as a status of HTTP.
  package enum Refusal: Error, Hashable {
    case badRequest, notFound, tooLong
    case notAllowed(allowed: String)
  }

  /// The longest path with its query, in bytes.
  package static let longestTarget = 1024

  package static func of(method: String, target: String) throws(Refusal) -> PageRoute {
    guard target.utf8.count <= longestTarget else { throw .tooLong }
    guard target.hasPrefix("/"), target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .badRequest }
    let path = target.prefix { $0 != "?" && $0 != "#" }
    guard let route = of(path: path) else { throw .notFound }
    let methods: [String] =
      switch route {
      case .signOut, .retry, .dismiss: ["POST"]
      case .signIn: ["GET", "HEAD", "POST"]
      default: ["GET", "HEAD"]
      }
    guard methods.contains(method) else { throw .notAllowed(allowed: methods.joined(separator: ", ")) }
    return route
  }

  private static func of(path: Substring) -> PageRoute? {
    switch path {
    case "/": return .page
    case "/healthz": return .alive
    case "/readyz": return .ready
    case "/metrics": return .metrics
    case "/events": return .events
    case "/page.css": return .style
    case "/page.js": return .script
    case "/favicon.ico", "/icon.svg": return .icon
    case "/sign-in": return .signIn
    case "/sign-out": return .signOut
    case "/retry": return .retry
    case "/dismiss": return .dismiss
    default:
      // Nothing in a path is decoded: what is named here consists of digits and dots.
      let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
      guard parts.count == 2, let kind = parts.first, let name = parts.last else { return nil }
      switch kind {
      case "study": return StudyName(name).map { .study($0) }
      case "preview":
        guard name.utf8.count <= 18, name.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
        else { return nil }
        return Int64(name).map { .preview($0) }
      default: return nil
      }
    }
  }
}

/// What somebody calls a study by: the tag of one of its files, or a UID (PS3.5 section 9.1).
public struct StudyName: Hashable, Sendable {
  public let text: String

  /// Nil for anything else.
  public init?(_ text: some StringProtocol) {
    let isTag = text.utf8.count == 8 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    let components = text.split(separator: ".", omittingEmptySubsequences: false)
    let isUID =
      text.utf8.count <= 64 && components.count > 1
      && components.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }
    guard isTag || isUID else { return nil }
    self.text = String(text)
  }
}
