package import Analysis
package import Files
import FoundationEssentials
import Ledger
import SystemPackage
package import Unpacking

/// What is settled about a file that is to be read: by the ledger, as far as the reading depends on it, and by the
/// configuration.
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

  /// What its results are made with. What they replace are results of earlier readings of the same file, each followed
  /// by what it replaced itself, and those of `standing` where the file amends it.
  package var results: ResultTerms
  /// The content that was identified: a file with another isn't read.
  package var content: ContentDigest?
  package var standing: Standing?
  /// What it may hold where it is an archive.
  package var archives = UnpackingLimits()

  package init(
    results: ResultTerms = ResultTerms(), content: ContentDigest? = nil, standing: Standing? = nil
  ) {
    self.results = results
    self.content = content
    self.standing = standing
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
