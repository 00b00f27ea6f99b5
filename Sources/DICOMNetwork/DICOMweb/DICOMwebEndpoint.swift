/// A DICOMweb origin server that takes objects, and how it is talked to. The credentials reach a sender over its pipe, and
/// stand in no description.
package struct DICOMwebEndpoint: Sendable, Hashable, Codable, CustomStringConvertible {
  /// How the sender shows who it is.
  package enum Credentials: Sendable, Hashable, Codable {
    case basic(user: String, password: String)
    case bearer(String)
  }

  /// Where studies are posted to: `https://HOST/dicom-web/studies`.
  package var url: String
  package var credentials: Credentials?
  package var tls = TLSSettings()
  /// Seconds to connect, and to wait for the next sign of life.
  package var connectSeconds = 10.0
  package var answerSeconds = 60.0

  package init(url: String) { self.url = url }

  package var description: String { url }
}
