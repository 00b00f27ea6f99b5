import FoundationEssentials
import Glibc
import Ledger

/// `ledger` and `host`.
extension ConfigurationValues {
  /// The folder beside which the ledger's file lies; nil also where a database holds the ledger.
  func ledgerFolder() throws(ConfigurationFailure) -> URL? {
    if let text = try text("ledger"), PostgresAddress.isAddress(text) { return nil }
    return try folder("ledger")
  }

  /// The database that holds the ledger; nil where a file does.
  func database() throws(ConfigurationFailure) -> PostgresAddress? {
    guard let text = try text("ledger"), PostgresAddress.isAddress(text) else { return nil }
    do { return try PostgresAddress(text) } catch { throw failure("ledger", "\(error)") }
  }

  /// What this daemon is called among those that share a database: the machine's name where nobody says another. Nil
  /// without a database.
  func host(_ database: PostgresAddress?) throws(ConfigurationFailure) -> String? {
    guard database != nil else { return nil }
    let name = try text("host") ?? Self.machine
    let isFit = name.utf8.allSatisfy { byte in
      switch UInt8(byte) {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    guard isFit, (1...64).contains(name.utf8.count), !name.hasPrefix(".") else {
      throw failure("host", "is '\(name)'; it must be 1 to 64 letters, digits, '-' and '.'")
    }
    return name
  }

  private static var machine: String {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
