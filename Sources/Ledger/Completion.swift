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
    /// SOP Class, Study and Series Instance UID, by which other objects refer to it; empty as `uid`.
    package var sopClassUID = ""
    package var studyInstanceUID = ""
    package var seriesInstanceUID = ""

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

  /// By digests, from what it was made.
  package struct Chain: Sendable, Hashable {
    /// Of the decoded picture; nil where it wasn't decoded.
    package var pixels: ContentDigest?
    /// Of the network's input.
    package var tensor: ContentDigest?
    /// Of the model's file.
    package var weights: ContentDigest?
    /// Of the picture that stood under the UID before, where it became known only now.
    package var standingPixels: ContentDigest?

    package init(
      pixels: ContentDigest? = nil, tensor: ContentDigest? = nil, weights: ContentDigest? = nil,
      standingPixels: ContentDigest? = nil
    ) {
      self.pixels = pixels
      self.tensor = tensor
      self.weights = weights
      self.standingPixels = standingPixels
    }

    /// For the trail.
    var words: String {
      [("pixels", pixels), ("tensor", tensor), ("weights", weights)]
        .compactMap { name, digest in digest.map { " \(name) \($0)" } }.joined()
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
  package var chain: Chain
  /// The row whose results these replace.
  package var amends: Int64?

  package init(
    _ verdict: Verdict, reason: String = "", record: [UInt8], results: [Result] = [], home: [UInt8],
    chain: Chain = Chain(), amends: Int64? = nil
  ) {
    self.verdict = verdict
    self.reason = reason
    self.record = record
    self.results = results
    self.home = home
    self.chain = chain
    self.amends = amends
  }
}
