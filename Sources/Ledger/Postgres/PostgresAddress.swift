internal import CPostgres

/// Where a ledger on PostgreSQL is: `postgresql://USER@HOST:PORT/DATABASE`, with whatever libpq's URIs allow.
///
/// The password stands in a file (`PGPASSFILE`, `~/.pgpass` or `?passfile=`), never in the address: that is written down
/// in configurations, logs and lists of processes.
package struct PostgresAddress: Sendable, Hashable, CustomStringConvertible {
  let uri: String
  /// Without anything that is nobody's business.
  package let description: String
  /// Files that it names, of passwords, certificates and keys, by what libpq calls them.
  package let files: [String: String]

  /// Why an address can't be used.
  package enum Problem: Error, Sendable, Hashable, CustomStringConvertible {
    case invalid(String)
    case holdsPassword

    package var description: String {
      switch self {
      case .invalid(let detail): "isn't an address of PostgreSQL: \(detail)"
      case .holdsPassword: "holds a password; put that into a file of its own and name it by PGPASSFILE"
      }
    }
  }

  package init(_ uri: String) throws(Problem) {
    var message: UnsafeMutablePointer<CChar>?
    guard Self.isAddress(uri), let options = unsafe PQconninfoParse(uri, &message) else {
      let detail = unsafe message.map { unsafe String(cString: $0) } ?? "it begins with postgresql://"
      unsafe PQfreemem(message)
      throw .invalid(detail.split(whereSeparator: \.isNewline).joined(separator: " "))
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
    self.uri = uri
    files = stated.filter { ["passfile", "sslcert", "sslkey", "sslrootcert"].contains($0.key) }
    let user = stated["user"].map { "\($0)@" } ?? ""
    let port = stated["port"].map { ":\($0)" } ?? ""
    description =
      "postgresql://\(user)\(stated["host"] ?? stated["hostaddr"] ?? "")\(port)/\(stated["dbname"] ?? "")"
  }

  /// Whether a setting means PostgreSQL at all, and not a file.
  package static func isAddress(_ text: String) -> Bool {
    text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
  }
}
