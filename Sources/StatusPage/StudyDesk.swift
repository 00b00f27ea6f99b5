/// What a page asks of the daemon beside figures. Each call is answered from ledger and outbox.
public protocol StudyDesk: Sendable {
  /// Everything about a study; nil when nothing is known of it.
  func study(_ name: StudyName) async throws -> StudyView?
  /// The PNG of a result of kind `preview`; nil when there is none.
  func preview(of result: Int64) async throws -> [UInt8]?
  /// Lets what waits, failed or was rejected be read again.
  /// - Returns: how many files are concerned.
  func retry(_ choice: Choice) async throws -> Int
  /// Takes what waits for a person, or was rejected, off the list.
  /// - Returns: how many files are concerned.
  func dismiss(_ choice: Choice) async throws -> Int
}

/// Which files somebody chose on a page.
public enum Choice: Hashable, Sendable {
  /// The file with this tag, or those of the study with this UID.
  case named(StudyName)
  /// All with this coded reason.
  case reason(String)

  /// From the fields of a form; nil for anything else.
  package init?(_ fields: [String: String]) {
    if let name = fields["name"].flatMap({ StudyName($0) }) {
      self = .named(name)
    } else if let reason = fields["reason"], !reason.isEmpty, reason.utf8.count <= 64,
      reason.utf8.allSatisfy({ 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "_") })
    {
      self = .reason(reason)
    } else {
      return nil
    }
  }
}

/// The fields of a form (application/x-www-form-urlencoded).
package enum FormFields {
  /// Nil where a part can't be decoded.
  package static func parse(_ bytes: [UInt8]) -> [String: String]? {
    var fields: [String: String] = [:]
    for pair in bytes.split(separator: UInt8(ascii: "&")) {
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = decoded(parts[0]), let value = decoded(parts.count > 1 ? parts[1] : []) else {
        return nil
      }
      fields[name] = value
    }
    return fields
  }

  private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
    var result: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): result.append(0x20)
      case UInt8(ascii: "%"):
        guard let high = digit(rest.popFirst()), let low = digit(rest.popFirst()) else { return nil }
        result.append(high << 4 | low)
      default: result.append(byte)
      }
    }
    return String(validating: result, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8?) -> UInt8? {
    byte.flatMap { Character(UnicodeScalar($0)).hexDigitValue }.map { UInt8($0) }
  }
}
