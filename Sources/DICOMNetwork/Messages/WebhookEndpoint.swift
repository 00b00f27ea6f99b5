/// Where notices are posted to, and what they are signed with. The key reaches a sender over its pipe, and stands in no
/// description.
package struct WebhookEndpoint: Sendable, Hashable, Codable, CustomStringConvertible {
  /// `https://HOST/PATH`.
  package var url: String
  /// Nil: notices aren't signed.
  package var key: String?
  package var tls = TLSSettings()
  /// Seconds to connect, and to wait for the next sign of life.
  package var connectSeconds = 10.0
  package var answerSeconds = 30.0

  package init(url: String) { self.url = url }

  package var description: String { url }
}
