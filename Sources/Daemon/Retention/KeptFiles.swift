import Files
import FoundationEssentials
import Glibc
import Ledger
import SystemPackage

/// The files of images that are done: in `done`, `rejected` and the outbox, and their results whose place others have
/// taken. Only what has the bytes that the ledger knows is ever removed: under an old name may lie what somebody else
/// put there.
struct KeptFiles {
  private let folders: InboxFolders
  /// Files by their size, looked through once: the same bytes came under several names, of which the ledger keeps one.
  private var bySize: [FilePath: [Int: [FilePath]]] = [:]

  init(_ folders: InboxFolders) { self.folders = folders }

  /// Bytes of an image's source in its home and of its results, as far as they are there. The same bytes under other names
  /// aren't counted: many files have one size, and to tell which are the same each would be read.
  func size(of image: PrunableInstance) -> Int {
    guard case .filed = image.instance.state else { return 0 }
    let home = image.instance.home == nil ? [] : [image.instance.place(in: folders)]
    return (home + results(of: image).map(\.path)).reduce(0) { $0 + (FolderWalk.entry($1)?.stamp.size ?? 0) }
  }

  /// Removes an image's source, wherever it lies in its home, and its results; synced when this returns.
  /// - Returns: how many bytes that freed.
  mutating func remove(_ image: PrunableInstance, withResults: Bool) throws(WriteFailure) -> Int {
    var freed = 0
    for file in files(of: image, withResults: withResults) { freed += try Self.remove(file) }
    return freed
  }

  private struct File {
    let path: FilePath
    let content: ContentDigest
    let root: FilePath
    /// What tells why it lies there.
    var reason: FilePath?
  }

  private mutating func files(of image: PrunableInstance, withResults: Bool) -> [File] {
    guard case .filed(_, let verdict, _) = image.instance.state else { return [] }
    let root = folders.home(of: verdict)
    var files = places(of: image.instance, in: root).map { place in
      File(
        path: place, content: image.instance.content, root: root,
        reason: verdict == .rejected ? RejectedFiles.reason(of: place) : nil)
    }
    if withResults { files += results(of: image) }
    return files
  }

  private func results(of image: PrunableInstance) -> [File] {
    let outbox = FilePath(of: folders.outbox)
    let superseded = SupersededResults(folders)
    return image.results.map { result in
      File(path: outbox.pushing(FilePath(bytes: result.path)), content: result.content, root: outbox)
    }
      + image.superseded.map { result in
        File(
          path: superseded.place(of: FilePath(bytes: result.path), result.content), content: result.content,
          root: FilePath(of: folders.superseded))
      }
  }

  /// Where the same bytes may lie, under other names as well; the one that the ledger knows is the last.
  private mutating func places(of record: InstanceRecord, in root: FilePath) -> [FilePath] {
    guard let home = record.home.map({ root.pushing(FilePath(bytes: $0)) }),
      let size = FolderWalk.entry(home)?.stamp.size
    else { return [] }
    guard record.timesSeen > 1 else { return [home] }
    let known =
      bySize[root]
      ?? Dictionary(grouping: FolderWalk(root, .inbox()).files, by: \.stamp.size)
      .mapValues { $0.map { root.pushing($0.path) } }
    bySize[root] = known
    return (known[size] ?? []).filter { $0 != home } + [home]
  }

  /// - Returns: its size; 0 when there is no such file, or another.
  private static func remove(_ file: File) throws(WriteFailure) -> Int {
    guard let entry = FolderWalk.entry(file.path), ContentDigest(ofFileAt: file.path) == file.content else {
      return 0
    }
    // The reason first: once the file is gone, nothing would lead to it.
    if let reason = file.reason { try unlink(reason, below: file.root) }
    try unlink(file.path, below: file.root)
    return max(1, entry.stamp.size)
  }

  private static func unlink(_ file: FilePath, below root: FilePath) throws(WriteFailure) {
    try Move.remove(file, action: "delete")
    try Folder.sync(holding: file)
    var folder = file.removingLastComponent()
    while folder.length > root.length {
      // One that holds something else stays.
      guard unsafe folder.withPlatformString({ unsafe rmdir($0) }) == 0 else { return }
      folder.removeLastComponent()
    }
  }
}
