package import DICOMNetwork

/// Gets the answers of peers that were asked to commit to what they store (PS3.4 annex J).
package protocol CommitmentInbox: Sendable {
  /// Returns once it is kept for good; the peer is told that it failed when it throws.
  func received(_ result: CommitmentResult, from aeTitle: String) async throws
}
