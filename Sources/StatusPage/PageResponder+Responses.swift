import HTTPTypes
import HummingbirdCore
import NIOCore

/// The form of answers: headers that keep a browser from running, framing, keeping or guessing anything.
extension PageResponder {
  static let htmlType = "text/html; charset=utf-8"
  /// Prometheus' text format.
  static let metricsType = "text/plain; version=0.0.4; charset=utf-8"

  func headers(_ type: String) -> HTTPFields {
    var headers = fixedHeaders
    headers[.contentType] = type
    return headers
  }

  /// The same in every answer.
  static func fixedHeaders(isSecure: Bool) -> HTTPFields {
    var headers: HTTPFields = [
      .cacheControl: "no-store",
      .contentSecurityPolicy:
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        + "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      .xContentTypeOptions: "nosniff",
    ]
    for (name, value) in [
      // Without any referrer a browser calls the origin of our own forms null, too.
      ("Referrer-Policy", "same-origin"), ("X-Frame-Options", "DENY"),
      ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
      ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
    ] {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    if isSecure { headers[.strictTransportSecurity] = "max-age=31536000" }
    return headers
  }

  func respond(_ status: HTTPResponse.Status, _ type: String, _ body: ByteBuffer) -> Response {
    Response(status: status, headers: headers(type), body: ResponseBody(byteBuffer: body))
  }

  func plain(_ status: HTTPResponse.Status, _ text: String) -> Response {
    respond(status, "text/plain; charset=utf-8", ByteBuffer(string: text))
  }

  /// Not now, and when to ask again.
  func later(
    _ text: String, seconds: Int, _ status: HTTPResponse.Status = .serviceUnavailable
  ) -> Response {
    var response = plain(status, text)
    response.headers[.retryAfter] = "\(seconds)"
    return response
  }

  func metrics(_ text: ByteBuffer) -> Response {
    respond(.ok, Self.metricsType, text)
  }

  func html(_ status: HTTPResponse.Status, _ body: ByteBuffer) -> Response {
    respond(status, Self.htmlType, body)
  }

  func asset(_ content: ByteBuffer, _ type: String) -> Response {
    var response = respond(.ok, type, content)
    response.headers[.cacheControl] = "no-cache"
    return response
  }

  func png(_ bytes: [UInt8]) -> Response {
    var response = respond(.ok, "image/png", ByteBuffer(bytes: bytes))
    // The same number is always the same picture.
    response.headers[.cacheControl] = "private, max-age=3600"
    return response
  }

  func redirect(to path: String, cookie: String? = nil) -> Response {
    var response = plain(.seeOther, "")
    response.headers[.location] = path
    if let cookie { response.headers[.setCookie] = cookie }
    return response
  }

  /// - Parameter isPage: somebody looks at it, rather than a program.
  func unauthorized(isPage: Bool) -> Response {
    if isPage, access.hasToken { return redirect(to: "/sign-in") }
    guard access.hasToken else {
      return plain(.forbidden, "there is no token: http_token_file in the configuration names one\n")
    }
    var response = plain(.unauthorized, "a token is needed\n")
    response.headers[.wwwAuthenticate] = "Bearer realm=\"mmdicom\""
    return response
  }

  func refusal(_ error: any Error) -> Response {
    switch error {
    case PageRoute.Refusal.tooLong: return plain(.uriTooLong, "the address is too long\n")
    case PageRoute.Refusal.notFound: return plain(.notFound, "there is nothing here\n")
    case PageRoute.Refusal.notAllowed(let allowed):
      var response = plain(.methodNotAllowed, "allowed: \(allowed)\n")
      response.headers[.allow] = allowed
      return response
    case FormFailure.slow: return plain(.requestTimeout, "that took too long\n")
    case FormFailure.tooLong: return plain(.contentTooLarge, "that is too long\n")
    default: return plain(.badRequest, "this isn't understood\n")
    }
  }
}
