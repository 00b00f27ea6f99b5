internal import Crypto
package import Files

/// One line of the audit trail. It names no patient: rows are numbers, and reasons are codes.
package struct AuditEntry: Sendable, Hashable {
  /// 1, 2, 3 ...
  package let number: Int64
  package let at: Timestamp
  /// `admitted`, `claimed`, `completed`, `parked` ...
  package let event: String
  /// The instance that it is about.
  package let instance: Int64?
  /// Codes, digests, destinations.
  package let detail: String
  /// SHA-256 over the previous line's and this line's fields.
  package let hash: ContentDigest

  package init(
    number: Int64, at: Timestamp, event: String, instance: Int64?, detail: String, hash: ContentDigest
  ) {
    self.number = number
    self.at = at
    self.event = event
    self.instance = instance
    self.detail = detail
    self.hash = hash
  }
}

/// Hashes that hold the lines of the trail together: whoever changes, removes or adds one must write all that
/// follow anew, and the last hash, noted elsewhere, tells.
package struct AuditChain: Sendable, Hashable {
  /// The number of the last line; 0 before the first.
  package private(set) var number: Int64
  /// The hash of the last line; zeros before the first.
  package private(set) var head: ContentDigest

  /// Before the first line.
  package init() {
    number = 0
    head = ContentDigest([UInt8](repeating: 0, count: 32))!
  }

  package init(number: Int64, head: ContentDigest) {
    self.number = number
    self.head = head
  }

  /// Adds a line.
  package mutating func append(
    _ event: String, instance: Int64?, detail: String, at now: Timestamp
  ) -> AuditEntry {
    let hash = hash(of: event, instance: instance, detail: detail, at: now)
    number += 1
    head = hash
    return AuditEntry(
      number: number, at: now, event: event, instance: instance, detail: detail, hash: hash)
  }

  /// Where a chain breaks.
  package enum Break: Sendable, Hashable {
    /// A line is missing before this number.
    case missing(before: Int64)
    /// The line with this number isn't what was written.
    case altered(Int64)
    /// The last lines are missing: so many were written.
    case cut(after: Int64, written: Int64)
  }

  /// Follows the chain over one more line; nil where it holds.
  package mutating func follow(_ entry: AuditEntry) -> Break? {
    guard entry.number == number + 1 else { return .missing(before: entry.number) }
    let hash = hash(of: entry.event, instance: entry.instance, detail: entry.detail, at: entry.at)
    guard hash == entry.hash else { return .altered(entry.number) }
    number = entry.number
    head = hash
    return nil
  }

  /// SHA-256 of: previous hash, number, time, instance (or -1), event, detail; numbers as 8 bytes, big endian,
  /// each text behind its length.
  private func hash(
    of event: String, instance: Int64?, detail: String, at now: Timestamp
  ) -> ContentDigest {
    var hash = SHA256()
    func add(_ value: Int64) {
      hash.update(data: (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) })
    }
    hash.update(data: head.bytes)
    add(number + 1)
    add(now.milliseconds)
    add(instance ?? -1)
    for text in [event, detail] {
      add(Int64(text.utf8.count))
      hash.update(data: Array(text.utf8))
    }
    return ContentDigest(Array(hash.finalize()))!
  }
}

/// What the verification of the trail found.
package enum AuditVerification: Sendable, Hashable {
  case intact(lines: Int64, head: ContentDigest)
  case broken(AuditChain.Break)
}
