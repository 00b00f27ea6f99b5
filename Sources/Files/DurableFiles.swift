import CSystemCalls
package import FoundationEssentials
import Glibc
package import SystemPackage

/// Small files of one folder that appear under their names together, each whole and on the disk; see ``DurableFile``.
/// Many cost one sync.
package enum DurableFiles {
  /// So many are held open and synced one by one: a sync of everything may wait for other programs' data, too.
  private static let few = 8

  private struct Draft {
    let name: FilePath.Component
    /// Nil where it is closed.
    let descriptor: Int32?
  }

  /// Writes them; those of these names before are replaced.
  package static func write(
    _ files: [(name: FilePath.Component, bytes: [UInt8])], in folder: OpenFolder
  ) throws(WriteFailure) {
    guard !files.isEmpty else { return }
    var drafts: [Draft] = []
    defer { for descriptor in drafts.compactMap(\.descriptor) { close(descriptor) } }
    do throws(WriteFailure) {
      for file in files { drafts.append(try draft(of: file, in: folder, isKeptOpen: files.count <= few)) }
      try sync(drafts, in: folder)
      for (draft, file) in zip(drafts, files) {
        let code = folder.rename(draft.name, to: folder, file.name)
        guard code == 0 else { throw failure("rename into place", file.name, folder, code) }
      }
    } catch {
      // What has its name by now isn't there any more.
      for draft in drafts { _ = folder.remove(draft.name) }
      throw error
    }
    let code = folder.sync()
    guard code == 0 else { throw WriteFailure(path: folder.path.text, action: "sync", code: code) }
  }

  private static func sync(_ drafts: [Draft], in folder: OpenFolder) throws(WriteFailure) {
    var closed: [FilePath.Component] = []
    for draft in drafts {
      guard let descriptor = draft.descriptor else {
        closed.append(draft.name)
        continue
      }
      guard fsync(descriptor) == 0 else { throw failure("sync", draft.name, folder, errno) }
    }
    if !closed.isEmpty { try SyncedFiles.sync(closed, in: folder) }
  }

  /// The same by paths of one folder, which is made where it is missing.
  package static func write(_ files: [(url: URL, bytes: [UInt8])]) throws(WriteFailure) {
    guard let first = files.first else { return }
    let folders = Set(files.map { $0.url.deletingLastPathComponent().standardizedFileURL })
    precondition(folders.count == 1, "files of several folders")
    let path = FilePath(of: first.url.deletingLastPathComponent())
    try Folder.create(path)
    guard let folder = OpenFolder(path) else {
      throw WriteFailure(path: path.text, action: "open", code: errno)
    }
    var named: [(name: FilePath.Component, bytes: [UInt8])] = []
    for file in files {
      guard let name = FilePath(of: file.url).lastComponent else {
        throw WriteFailure(path: file.url.path, action: "create", code: EINVAL)
      }
      named.append((name, file.bytes))
    }
    try write(named, in: folder)
  }

  /// Writes a file under a hidden name.
  private static func draft(
    of file: (name: FilePath.Component, bytes: [UInt8]), in folder: OpenFolder, isKeptOpen: Bool
  ) throws(WriteFailure) -> Draft {
    let mark = String(UInt32.random(in: .min ... .max), radix: 16)
    let bytes = Array(".".utf8) + file.name.bytes + Array(".\(mark).part".utf8)
    guard let draft = FilePath.Component(bytes: bytes) else {
      throw failure("create", file.name, folder, EINVAL)
    }
    let descriptor = folder.open(draft, O_WRONLY | O_CREAT | O_EXCL)
    guard descriptor >= 0 else { throw failure("create", file.name, folder, errno) }
    let code = unsafe file.bytes.withUnsafeBytes { unsafe writeAll(of: $0, to: descriptor) }
    guard code == 0 else {
      close(descriptor)
      _ = folder.remove(draft)
      throw failure("write", file.name, folder, code)
    }
    // What is on its way when the first of them is synced shares its commit of the file system's journal.
    system_begin_writing(descriptor)
    if isKeptOpen { return Draft(name: draft, descriptor: descriptor) }
    close(descriptor)
    return Draft(name: draft, descriptor: nil)
  }

  private static func failure(
    _ action: String, _ name: FilePath.Component, _ folder: OpenFolder, _ code: Int32
  ) -> WriteFailure {
    WriteFailure(path: folder.path.appending(name).text, action: action, code: code)
  }
}
