package import Files

/// What came of an attempt: written in one commit, after every result lies under its final name.
package struct Completion: Sendable, Hashable {
  /// A file that was written.
  package struct Result: Sendable, Hashable {
    /// `overlay`, `segmentation`, `report`, `presentation`, `preview` ...
    package var kind: String
    /// Below the outbox.
    package var path: [UInt8]
    /// SOP Instance UID; empty for what isn't a DICOM object.
    package var uid: String
    /// SHA-256 of the file.
    package var content: ContentDigest
    /// Names of the destinations that it goes to.
    package var destinations: [String]

    package init(
      kind: String, path: [UInt8], uid: String, content: ContentDigest, destinations: [String] = []
    ) {
      self.kind = kind
      self.path = path
      self.uid = uid
      self.content = content
      self.destinations = destinations
    }
  }

  package var verdict: Verdict
  /// Coded reason of a refusal; empty where there is none.
  package var reason: String
  /// The report's row as its writer encodes it; the ledger keeps it as it is.
  package var record: [UInt8]
  package var results: [Result]
  /// Where the source goes, below `done` or `rejected`.
  package var home: [UInt8]

  package init(
    _ verdict: Verdict, reason: String = "", record: [UInt8], results: [Result] = [], home: [UInt8]
  ) {
    self.verdict = verdict
    self.reason = reason
    self.record = record
    self.results = results
    self.home = home
  }
}
