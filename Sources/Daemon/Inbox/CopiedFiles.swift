package import Files
import FoundationEssentials
package import SystemPackage

/// Files of the inbox that were copied into the spool because they can't be moved out of their folders: they stay where
/// they are, and mustn't be read again at every scan. Remembered over restarts; where the memory is lost, each is
/// copied once more, and the ledger knows its content.
package struct CopiedFiles: Sendable {
  private let place: URL
  private var stamps: [FilePath: FileStamp] = [:]
  private var isChanged = false

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
    isChanged = true
  }

  /// Forgets what is gone from the inbox.
  package mutating func keepOnly(in inbox: FilePath) {
    let kept = stamps.filter { FolderWalk.entry($0.key, in: inbox)?.stamp == $0.value }
    isChanged = isChanged || kept.count != stamps.count
    stamps = kept
  }

  package var count: Int { stamps.count }

  /// The folders that they lie in.
  package var folders: [FilePath] {
    Set(stamps.keys.map { $0.removingLastComponent() }).sorted { $0.text < $1.text }
  }

  /// Writes down what changed.
  package mutating func save() throws(WriteFailure) {
    guard isChanged else { return }
    let lines = stamps.map { path, stamp in "\(stamp.size) \(stamp.modified) \(stamp.inode) \(path.text)\n" }
    try DurableFile.write(lines.sorted().joined(), to: place)
    isChanged = false
  }
}
