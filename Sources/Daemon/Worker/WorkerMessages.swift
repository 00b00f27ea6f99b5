package import Analysis

/// One line to the worker: JSON, ended by a line feed. Paths are `FilePath.text`, since JSON can't hold every name.
package enum WorkerRequest: Sendable, Equatable, Codable {
  /// Read the header and tell which image this is.
  case identify(id: Int, path: String)
  /// Analyse the file and write its results, as `terms` has them, into the folder `output`.
  case analyse(id: Int, path: String, output: String, tensors: Bool, terms: ReadingTerms = ReadingTerms())

  /// The number that the answer carries.
  package var id: Int {
    switch self {
    case .identify(let id, _), .analyse(let id, _, _, _, _): id
    }
  }

  /// The file that it's about.
  package var path: String {
    switch self {
    case .identify(_, let path), .analyse(_, let path, _, _, _): path
    }
  }
}

/// One line from the worker: JSON, ended by a line feed.
package enum WorkerReply: Sendable, Equatable, Codable {
  /// The model is loaded; files may come. Always the first line of a worker that can work. `missing` names what the
  /// system doesn't offer of the sandbox.
  case ready(model: String, sha256: String, missing: [String] = [])
  /// The model can't be used; the worker ends.
  case modelRefused(message: String, isMissing: Bool)
  /// The header was read, and the whole file for its SHA-256 (hexadecimal; nil when it can't be read).
  case identified(id: Int, ImageIdentity, digest: String? = nil)
  /// The file was analysed, or not, as the row says; `detail` is one line for people. Paths in `outputs`
  /// are file names in the output folder.
  case finished(id: Int, row: ReportRow, detail: String, trace: ReadingTrace = ReadingTrace())
  /// Nothing was written: somebody else has to decide first. The identity is what the file states now.
  case heldBack(id: Int, ImageIdentity, HeldBack)
  /// The results couldn't be written to `path`. It isn't the image's fault.
  case cannotWrite(id: Int, path: String, message: String)
}
