package import Analysis
package import Files
package import FoundationEssentials
package import SystemPackage

/// Everything that has to happen when one file is done, written down before any of it happens, so that it can
/// be finished after a crash at any point. Carrying it out twice does no harm.
package struct Delivery: Sendable, Equatable, Codable {
  /// A result file on its way from the staging folder to its study's folder.
  package struct Result: Sendable, Equatable, Codable {
    package let staged: String
    package let final: String
  }

  /// A file on its way out of the inbox.
  package struct Source: Sendable, Equatable, Codable {
    /// Where it lies, and what it was like.
    @WrittenAsText package var path: FilePath
    package var stamp: FileStamp
    /// Where it goes.
    @WrittenAsText package var destination: FilePath
    /// What the file beside it says, when it was rejected.
    package var reasonText: String?

    /// The reason file.
    package var reasonFile: FilePath { destination.appending(ending: ".reason.txt") }
  }

  /// Result files to rename; an earlier result of the same image is replaced.
  package var results: [Result]
  /// The report's record, with its line end.
  package var record: String
  /// Length of the report before the record.
  package var reportOffset: Int
  /// The file itself, and those of the same batch that hold the same bytes: one result, one record, all moved.
  package var sources: [Source]

  /// Decides where everything goes.
  /// - Parameters:
  ///   - twins: other files with the same bytes.
  ///   - row: its `outputs` are names in `staging`; they come back relative to the outbox.
  ///   - detail: one line for people.
  ///   - copy: 2 for the second file with the same SOP Instance UID in a study, 3 for the third ...
  ///   - look: what lies at a path.
  package static func plan(
    _ file: InboxFile, twins: [InboxFile] = [], _ row: inout ReportRow, detail: String, copy: Int = 1,
    staging: URL, reportOffset: Int, folders: InboxFolders,
    look: @escaping (FilePath) -> DestinationPath.Found
  ) -> Delivery {
    let place = DestinationPath(look: look)
    let wanted = ResultFiles.studyFolder(for: row.identity.studyInstanceUID)
    let studyFolder = place.folder(
      FilePath.Component(bytes: Array(wanted.utf8)) ?? "unknown-study", in: FilePath(of: folders.outbox))
    let study = studyFolder.lastComponent?.string ?? wanted
    let staged = row.outputs
    row.note(copy: copy)
    let results = zip(staged, row.outputs).map { staged, final in
      Result(
        staged: staging.appending(path: staged).path,
        final: studyFolder.string + "/" + final)
    }
    row.outputs = row.outputs.map { "\(study)/\($0)" }
    let isRejected = row.status == .rejected
    let home = FilePath(of: isRejected ? folders.rejected : folders.done)
    var taken: Set<FilePath> = []
    let sources = ([file] + twins).map { file in
      let destination = DestinationPath { taken.contains($0) ? .other : look($0) }.file(file.path, in: home)
      taken.insert(destination)
      return Source(
        path: FilePath(of: folders.inbox).pushing(file.path), stamp: file.stamp, destination: destination,
        reasonText: isRejected ? RejectionReason(row, detail: detail, file: file).text : nil)
    }
    return Delivery(
      results: results, record: ReportCSV.record(row), reportOffset: reportOffset, sources: sources)
  }
}

extension Delivery {
  private enum CodingKeys: String, CodingKey {
    case results, record, reportOffset, sources
    case source, stamp, destination, reasonText
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    results = try container.decode([Result].self, forKey: .results)
    record = try container.decode(String.self, forKey: .record)
    reportOffset = try container.decode(Int.self, forKey: .reportOffset)
    if let sources = try container.decodeIfPresent([Source].self, forKey: .sources) {
      self.sources = sources
      return
    }
    // The journal of a version that knew one file to a delivery: an update must not lose what a crash left.
    sources = [
      Source(
        path: FilePath(try container.decode(String.self, forKey: .source)),
        stamp: try container.decode(FileStamp.self, forKey: .stamp),
        destination: FilePath(try container.decode(String.self, forKey: .destination)),
        reasonText: try container.decodeIfPresent(String.self, forKey: .reasonText))
    ]
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(results, forKey: .results)
    try container.encode(record, forKey: .record)
    try container.encode(reportOffset, forKey: .reportOffset)
    try container.encode(sources, forKey: .sources)
  }
}
