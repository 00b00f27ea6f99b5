package import Files

/// What a file that arrives is to those that the ledger knows.
package enum IdentityDecision: Sendable, Hashable {
  /// Nothing is known of it.
  case new
  /// The same bytes: answered by what is known, with its first dates.
  case known(Int64)
  /// The same bytes, which weren't usable before, or which somebody wants read once more.
  case readAgain(Int64)
  /// The same image with another header (a name corrected in the PACS): its results replace the others.
  case amends(Int64)
  /// Another picture under the same UID: somebody has to decide (PS3.5 section 9: a UID names one instance).
  case conflict(Int64)

  /// A file that the ledger knows.
  package struct Known: Sendable, Hashable {
    package var id: Int64
    package var content: ContentDigest
    /// Nil when its pixels couldn't be read.
    package var pixels: ContentDigest?
    /// It is a conflict that nobody has accepted yet.
    package var isConflict: Bool
    /// It was rejected, not by a person, and lies in its home.
    package var isRejected: Bool
    /// Its way has ended and its source lies in its home.
    package var isFiled: Bool
    /// It is neither read nor a conflict: what it shows isn't known yet.
    package var isOnItsWay = false
    /// It was read, and not rejected.
    package var isUsable = false
    /// The row that it amends.
    package var replaces: Int64?

    package init(
      id: Int64, content: ContentDigest, pixels: ContentDigest?, isConflict: Bool = false,
      isRejected: Bool = false, isFiled: Bool = false, replaces: Int64? = nil
    ) {
      self.id = id
      self.content = content
      self.pixels = pixels
      self.isConflict = isConflict
      self.isRejected = isRejected
      self.isFiled = isFiled
      self.replaces = replaces
    }
  }

  /// Decides. Pure.
  /// - Parameters:
  ///   - same: the row with the same content.
  ///   - others: rows with the same SOP Instance UID in order of arrival; none when the file states no UID.
  ///   - isWanted: somebody asked for it to be read again, whatever came of it.
  package static func decide(
    _ content: ContentDigest, pixels: ContentDigest?, same: Known?, others: [Known], isWanted: Bool = false
  ) -> IdentityDecision {
    if let same {
      // What was amended since isn't read again: its results would take the place of newer ones.
      let isAmended = others.contains { $0.replaces == same.id }
      let isReadAgain = same.isFiled && !isAmended && (same.isRejected || isWanted)
      return isReadAgain ? .readAgain(same.id) : .known(same.id)
    }
    guard let pixels, let valid = standing(among: others) else { return .new }
    return valid.pixels == pixels ? .amends(valid.id) : .conflict(valid.id)
  }

  /// The row that a file waits for, since nobody can tell what the two are to each other before it is read: the last on
  /// its way. Pure.
  package static func awaited(among rows: [Known]) -> Int64? { rows.last(where: \.isOnItsWay)?.id }

  /// The row that a reading is compared with; nil where there is none. Pure.
  /// - Parameters:
  ///   - row: the row that is to be read.
  ///   - others: rows with the same UID in order of arrival.
  package static func compared(_ row: Known, among others: [Known]) -> Int64? {
    // What a reading found once, or somebody decided, stands.
    if row.replaces == nil, row.pixels != nil { return nil }
    let usable = others.filter { $0.isUsable && $0.id != row.id }
    return usable.last { row in !usable.contains { $0.replaces == row.id } }?.id
  }

  /// What a picture is to the one that stands under its UID.
  package enum Comparison: Sendable, Hashable {
    /// Nothing stands there, or nobody knows what it shows.
    case unrelated
    /// The same picture, or one that somebody has accepted.
    case amends
    /// Another picture.
    case conflict

    /// Decides. Pure.
    package static func of(
      _ pixels: ContentDigest?, standing: ContentDigest?, isAccepted: Bool
    ) -> Comparison {
      if isAccepted { return .amends }
      guard let pixels, let standing else { return .unrelated }
      return pixels == standing ? .amends : .conflict
    }
  }

  /// The row that speaks for a UID: the end of the chain of amendments. What nobody accepted doesn't, and what
  /// has no pixels can't.
  package static func standing(among rows: [Known]) -> Known? {
    let valid = rows.filter { !$0.isConflict && $0.pixels != nil }
    return valid.last { row in !valid.contains { $0.replaces == row.id } }
  }
}
