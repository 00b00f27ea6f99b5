package import Analysis
package import Files
package import FoundationEssentials
import Ledger
import SystemPackage

/// What the ledger knows of a file that is to be read, as far as the reading depends on it.
package struct ReadingTerms: Sendable, Hashable, Codable {
  /// The picture that stands under the file's UID.
  package struct Standing: Sendable, Hashable, Codable {
    /// Digest of the decoded picture; nil where it isn't known yet.
    package var pixels: ContentDigest?
    /// Where its file lies, and the digest of that, to learn it from.
    package var source: String
    package var content: ContentDigest
    /// Somebody has accepted that the file's picture takes its place, whatever it shows.
    package var isAccepted: Bool
    /// Its results.
    package var results: [ReplacedResult]
  }

  /// The date of result objects, by default the present, so that a file that is read again gives the same bytes.
  package var createdAt: Date?
  /// The content that was identified: a file with another isn't read.
  package var content: ContentDigest?
  package var standing: Standing?
  /// Results of earlier readings of the same file, the latest first, each followed by what it replaced.
  package var earlier: [ReplacedResult]

  package init(
    createdAt: Date? = nil, content: ContentDigest? = nil, standing: Standing? = nil,
    earlier: [ReplacedResult] = []
  ) {
    self.createdAt = createdAt
    self.content = content
    self.standing = standing
    self.earlier = earlier
  }
}

/// Why a worker wrote nothing although nothing is wrong with the file.
package enum HeldBack: Sendable, Hashable, Codable {
  /// It holds other bytes than those that were identified.
  case changed(ContentDigest)
  /// Another picture stands under its UID.
  case conflict(ReadingTrace)
}

extension ReadingTerms {
  /// Completes the trace of a file that can be used by what it takes to compare it, and compares it.
  func compare(_ read: ReadFile, _ trace: inout ReadingTrace) -> IdentityDecision.Comparison {
    guard let standing else { return .unrelated }
    if trace.pixels == nil { trace.pixels = read.pictureDigest() }
    if standing.pixels == nil { trace.standingPixels = standing.pictureDigest() }
    return .of(
      trace.pixels, standing: standing.pixels ?? trace.standingPixels, isAccepted: standing.isAccepted)
  }
}

extension ReadingTerms.Standing {
  /// From its file, if that still is what was read.
  fileprivate func pictureDigest() -> ContentDigest? {
    let file = OpenedFile(FilePath(text: source))
    defer { extendLifetime(file) }
    let read = ReadFile(file.url, wantsDigest: true)
    return read.digest == content ? read.pictureDigest() : nil
  }
}
