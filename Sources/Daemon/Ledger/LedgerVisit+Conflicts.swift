import Ledger

/// Several pictures wait to be accepted for one image: only one of them can be it.
public struct AmbiguousConflict: Error, Sendable, Equatable, CustomStringConvertible {
  /// Of the files that wait, in order of arrival.
  public let tags: [String]

  public var description: String {
    "\(tags.count) pictures wait under one UID, and only one can be the image: accept one by its tag "
      + "(\(tags.joined(separator: ", "))), and refuse the others with --dismiss; 'mmdicom explain TAG' tells of each"
  }
}

extension LedgerVisit {
  /// - Throws: ``AmbiguousConflict``: whichever came last would be the image, unasked.
  func requireOneConflictEach(_ selection: Selection) async throws {
    var tags: [String: [String]] = [:]
    try await eachInstance(of: selection) { record in
      guard case .parked(_, isConflict: true) = record.state else { return }
      tags[record.sopInstanceUID, default: []].append(record.tag)
    }
    guard let several = tags.values.filter({ $0.count > 1 }).min(by: { $0[0] < $1[0] }) else { return }
    throw AmbiguousConflict(tags: several)
  }

  /// Whether another file has taken the place of this one: then it isn't read again, see ``IdentityDecision``.
  func isAmended(_ record: InstanceRecord) async throws -> Bool {
    guard case .filed = record.state, !record.sopInstanceUID.isEmpty else { return false }
    return try await ledger.circumstances(of: record.id).others.contains { $0.replaces == record.id }
  }
}
