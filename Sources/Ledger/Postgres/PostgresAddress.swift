internal import CPostgres

/// Where a ledger on PostgreSQL is: `postgresql://USER@HOST:PORT/DATABASE`, with whatever libpq's URIs allow.
///
/// The password stands in a file (`PGPASSFILE`, `~/.pgpass` or `?passfile=`), never in the address: that is written down
/// in configurations, logs and lists of processes.
package struct PostgresAddress: Sendable, Hashable, CustomStringConvertible {
  let uri: String
  /// For people: what it says but the files and options, and no password, for it holds none.
  package let description: String
  /// Files that it names, of passwords, certificates and keys, by what libpq calls them.
  package let files: [String: String]

  /// Why an address can't be used.
  package enum Problem: Error, Sendable, Hashable, CustomStringConvertible {
    case invalid(String)
    case holdsPassword
    /// Read by libpq's rules it says what nobody means: a password with a slash ends the address's host early.
    case mayHoldPassword

    package var description: String {
      switch self {
      case .invalid(let detail): "isn't an address of PostgreSQL: \(detail)"
      case .holdsPassword: "holds a password; put that into a file of its own and name it by PGPASSFILE"
      case .mayHoldPassword:
        "has a port that is no number, or an '@' or ':' where there should be none, as one with a password has; put that into a file of its own and name it by PGPASSFILE"
      }
    }
  }

  package init(_ uri: String) throws(Problem) {
    var message: UnsafeMutablePointer<CChar>?
    let begins = uri.hasPrefix("postgresql://") || uri.hasPrefix("postgres://")
    guard begins, let options = unsafe PQconninfoParse(uri, &message) else {
      let detail = unsafe message.map { unsafe String(cString: $0) } ?? "it begins with postgresql://"
      unsafe PQfreemem(message)
      throw .invalid(Self.withoutQuotation(detail))
    }
    defer { unsafe PQconninfoFree(options) }
    var stated: [String: String] = [:]
    var next = unsafe options
    while let keyword = unsafe next.pointee.keyword {
      if let value = unsafe next.pointee.val {
        unsafe stated[String(cString: keyword)] = unsafe String(cString: value)
      }
      unsafe next += 1
    }
    guard stated["password"] == nil, stated["sslpassword"] == nil else { throw .holdsPassword }
    guard Self.isPlain(stated) else { throw .mayHoldPassword }
    self.uri = uri
    files = stated.filter { ["passfile", "sslcert", "sslkey", "sslrootcert"].contains($0.key) }
    let user = stated["user"].map { "\($0)@" } ?? ""
    let port = stated["port"].map { ":\($0)" } ?? ""
    description =
      "postgresql://\(user)\(stated["host"] ?? stated["hostaddr"] ?? "")\(port)/\(stated["dbname"] ?? "")"
  }

  /// Parts are what they should be. In `postgresql://u:SEC/RET@h/d` the host is u, the port SEC and the database RET@h/d.
  private static func isPlain(_ stated: [String: String]) -> Bool {
    for port in (stated["port"] ?? "").split(separator: ",") {
      guard Int(port.filter { $0 != " " }) != nil else { return false }
    }
    for host in (stated["host"] ?? "").split(separator: ",") {
      // A socket without a file begins with the sign.
      guard !host.dropFirst().contains("@") else { return false }
    }
    let (user, name) = (stated["user"] ?? "", stated["dbname"] ?? "")
    return !user.contains(":") && !name.contains("@")
  }

  /// What libpq complains of, in one line; it quotes the part of the address that it doesn't understand, or all of it.
  private static func withoutQuotation(_ detail: String) -> String {
    var said = detail.prefix { !"\"\n\r«»„“”'".contains($0) }
    while let last = said.last, last == " " || last == ":" { said.removeLast() }
    return String(said)
  }

  /// Whether a setting means PostgreSQL at all, and not a file; also one with a slip of the pen, which as a file's name would
  /// be shown with all that it holds.
  package static func isAddress(_ text: String) -> Bool {
    let lower = text.lowercased()
    return lower.hasPrefix("postgresql:") || lower.hasPrefix("postgres:")
  }
}
