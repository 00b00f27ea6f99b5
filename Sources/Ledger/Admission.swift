package import Files

/// A file in the spool, synced, as it is told to the ledger.
package struct Admission: Sendable, Hashable {
  /// SHA-256 of the file.
  package var content: ContentDigest
  /// Digest of the pixels; nil when the file has none that can be read.
  package var pixels: ContentDigest?
  /// UIDs as the file states them; empty where it doesn't.
  package var studyInstanceUID: String
  package var seriesInstanceUID: String
  package var sopInstanceUID: String
  /// Where the file lies, below the spool.
  package var spooled: [UInt8]
  /// The name that the sender gave it; file names are bytes.
  package var sender: [UInt8]
  /// Somebody asked for it to be read again, whatever came of it.
  package var isWanted: Bool
  /// The order of coming, which is not that of admission: files that came together share a number, and later ones have
  /// a higher one.
  package var arrival: Int64

  package init(
    content: ContentDigest, pixels: ContentDigest? = nil, studyInstanceUID: String = "",
    seriesInstanceUID: String = "", sopInstanceUID: String = "", spooled: [UInt8], sender: [UInt8],
    isWanted: Bool = false, arrival: Int64 = 0
  ) {
    self.content = content
    self.pixels = pixels
    self.studyInstanceUID = studyInstanceUID
    self.seriesInstanceUID = seriesInstanceUID
    self.sopInstanceUID = sopInstanceUID
    self.spooled = spooled
    self.sender = sender
    self.isWanted = isWanted
    self.arrival = arrival
  }

  /// What is read together: the study, or the file alone where it names none.
  var bundle: String { studyInstanceUID.isEmpty ? "=\(content)" : studyInstanceUID }

  /// What others mustn't decide about while this file is taken in: its image, and the numbers of its study.
  var uids: [String] { [sopInstanceUID, studyInstanceUID] }
}

/// What the ledger made of an admission. The number is the row's.
package enum AdmissionOutcome: Sendable, Hashable {
  /// It will be read.
  case admitted(Int64)
  /// It will be read, and its results replace those of the row `earlier`.
  case amends(Int64, earlier: Int64)
  /// It waits for a decision: another picture stands under its UID, in the row `other`.
  case conflict(Int64, with: Int64)
  /// It is read once more, from this copy.
  case readAgain(Int64)
  /// The very file was admitted before, by a call whose answer was lost.
  case already(Int64)
  /// The same bytes are known; this copy isn't needed.
  case known(Int64)
}
