import Analysis
import Files
import FoundationEssentials
import Glibc

/// Remembers which content each result was made of, in a small file per image beside the journal. A rerun of the
/// same file replaces its results; another file with the same SOP Instance UID doesn't, however much later it
/// comes.
struct SourceMark {
  /// A hash of the file's content and its size.
  let text: String

  /// Nil when the file can't be read.
  init?(of path: String) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var digest = ContentDigest.Running()
    var size = 0
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let capacity = buffer.count
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress!, capacity) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      digest.add(buffer[..<count])
      size += count
    }
    text = "\(digest.finished()) \(size)\n"
  }

  /// Where the mark of the `copy`-th file with the row's UID is kept.
  static func place(_ row: ReportRow, copy: Int, in folders: InboxFolders) -> URL {
    let identity = row.identity
    let name = ResultFiles.name(for: identity.sopInstanceUID)
    return folders.sources.appending(path: ResultFiles.studyFolder(for: identity.studyInstanceUID))
      .appending(path: copy > 1 ? "\(name)-\(copy)" : name)
  }

  /// `copy`, or the first number after it whose results aren't there or were made of this content.
  func copyNumber(_ row: ReportRow, from copy: Int, in folders: InboxFolders) -> Int {
    var number = copy
    while let other = try? String(contentsOf: Self.place(row, copy: number, in: folders), encoding: .utf8),
      other != text, isThere(row, copy: number, in: folders)
    {
      number += 1
    }
    return number
  }

  private func isThere(_ row: ReportRow, copy: Int, in folders: InboxFolders) -> Bool {
    var row = row
    row.note(copy: copy)
    let study = folders.outbox.appending(
      path: ResultFiles.studyFolder(for: row.identity.studyInstanceUID))
    return row.outputs.contains { DestinationPath.look(study.appending(path: $0).path) != .nothing }
  }
}
