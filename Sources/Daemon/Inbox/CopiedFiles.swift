package import Files
import FoundationEssentials
import Glibc
package import SystemPackage

/// Files of the inbox that were copied into the spool because they can't be moved out of their folders: they stay where
/// they are, and mustn't be read again at every scan. Remembered over restarts; where the memory is lost, each is
/// copied once more, and the ledger knows its content.
package struct CopiedFiles: Sendable {
  private let place: URL
  private var stamps: [FilePath: FileStamp] = [:]
  /// What was added since it was written down.
  private var added: [InboxFile] = []
  /// Whether some were forgotten since.
  private var isShorter = false

  package init(_ folders: InboxFolders) {
    place = folders.own.appending(path: "copied")
    let text = (try? String(contentsOf: place, encoding: .utf8)) ?? ""
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ", maxSplits: 3)
      guard fields.count == 4, let size = Int(fields[0]), let modified = Int(fields[1]),
        let inode = UInt64(fields[2])
      else { continue }
      stamps[FilePath(text: String(fields[3]))] = FileStamp(size: size, modified: modified, inode: inode)
    }
  }

  /// Whether this very file was copied.
  package func contain(_ file: InboxFile) -> Bool { stamps[file.path] == file.stamp }

  package mutating func add(_ file: InboxFile) {
    stamps[file.path] = file.stamp
    added.append(file)
  }

  /// Forgets what is gone from the inbox.
  package mutating func keepOnly(in inbox: FilePath) {
    let kept = stamps.filter { FolderWalk.entry($0.key, in: inbox)?.stamp == $0.value }
    isShorter = isShorter || kept.count != stamps.count
    stamps = kept
  }

  package var count: Int { stamps.count }

  /// The folders that they lie in.
  package var folders: [FilePath] {
    Set(stamps.keys.map { $0.removingLastComponent() }).sorted { $0.text < $1.text }
  }

  /// Writes down what changed: what is new behind what was written before, of which the last of a file counts.
  package mutating func save() throws(WriteFailure) {
    if isShorter {
      try DurableFile.write(stamps.map(Self.line).sorted().joined(), to: place)
    } else if !added.isEmpty {
      try append(added.map { Self.line($0.path, $0.stamp) }.joined())
    }
    (isShorter, added) = (false, [])
  }

  private static func line(_ path: FilePath, _ stamp: FileStamp) -> String {
    "\(stamp.size) \(stamp.modified) \(stamp.inode) \(path.text)\n"
  }

  private func append(_ lines: String) throws(WriteFailure) {
    let isNew = FilePath(of: place).status(followingLink: false) == nil
    guard !isNew else { return try DurableFile.write(lines, to: place) }
    let file = unsafe open(place.path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard file >= 0 else { throw WriteFailure(path: place.path, action: "open", code: errno) }
    defer { close(file) }
    // A crash may have left half a line.
    var code = unsafe Array("\n\(lines)".utf8).withUnsafeBytes { unsafe writeAll(of: $0, to: file) }
    if code == 0, fsync(file) != 0 { code = errno }
    guard code == 0 else { throw WriteFailure(path: place.path, action: "write", code: code) }
  }
}
