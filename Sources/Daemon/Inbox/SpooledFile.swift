import Files
package import SystemPackage

/// A file that was taken out of the inbox.
package struct SpooledFile: Sendable, Hashable {
  /// Below the spool: the batch that it came with, and its name there. No two files ever have the same.
  package let name: FilePath
  /// Where it lay, relative to the inbox.
  package let sender: FilePath

  package init(name: FilePath, sender: FilePath) {
    self.name = name
    self.sender = sender
  }
}

/// What came with one batch: written, synced, before any file is moved, so that a crash behind it loses no name.
struct SpoolBatch: Sendable {
  /// The folder below the spool.
  let folder: FilePath
  let files: [SpooledFile]

  /// The list's name in the folder.
  static let listName: FilePath.Component = "names"

  /// A new batch. Its name is a random number of 64 bits: none is used twice.
  /// - Parameter host: the folder below the spool that it lies in.
  init(of senders: [FilePath], in host: FilePath = FilePath()) {
    let digits = String(UInt64.random(in: .min ... .max), radix: 16)
    let folder = host.appending(String(repeating: "0", count: 16 - digits.count) + digits)
    self.folder = folder
    files = senders.enumerated().map { index, sender in
      SpooledFile(name: folder.appending(Self.name(index + 1, of: sender)), sender: sender)
    }
  }

  /// The batch whose list is `text`.
  init(_ folder: FilePath, list text: String) {
    self.folder = folder
    files = text.split(separator: "\n").enumerated().map { index, line in
      let sender = FilePath(text: String(line))
      return SpooledFile(name: folder.appending(Self.name(index + 1, of: sender)), sender: sender)
    }
  }

  /// One line for each file, in order.
  var list: String { files.map { $0.sender.text + "\n" }.joined() }

  /// The file's own name stays visible behind the number.
  private static func name(_ number: Int, of sender: FilePath) -> FilePath.Component {
    let name = DestinationPath.shortened(sender.lastComponent ?? "unnamed")
    return FilePath.Component(bytes: Array("\(number)-".utf8) + name.bytes) ?? "unnamed"
  }
}
