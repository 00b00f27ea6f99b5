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

  /// Bytes of all of them.
  var size: Int {
    [folders.done, folders.rejected, folders.outbox, folders.superseded].reduce(0) { sum, folder in
      FolderWalk(FilePath(of: folder), .inbox()).files.reduce(sum) { $0 + $1.stamp.size }
    }
  }

  /// Removes an image's source, wherever it lies in its home, and its results; synced when this returns.
  /// - Returns: how many bytes that freed.
  mutating func remove(_ image: PrunableInstance, withResults: Bool) throws(WriteFailure) -> Int {
    guard case .filed(_, let verdict, _) = image.instance.state else { return 0 }
    var freed = 0
    let root = folders.home(of: verdict)
    for place in places(of: image.instance, in: root) {
      // The reason first: once the file is gone, nothing would lead to it.
      freed += try Self.remove(
        place, image.instance.content, below: root,
        with: verdict == .rejected ? RejectedFiles.reason(of: place) : nil)
    }
    guard withResults else { return freed }
    let outbox = FilePath(of: folders.outbox)
    for result in image.results {
      freed += try Self.remove(outbox.pushing(FilePath(bytes: result.path)), result.content, below: outbox)
    }
    let superseded = SupersededResults(folders)
    for result in image.superseded {
      let place = superseded.place(of: FilePath(bytes: result.path), result.content)
      freed += try Self.remove(place, result.content, below: FilePath(of: folders.superseded))
    }
    return freed
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
  private static func remove(
    _ file: FilePath, _ content: ContentDigest, below root: FilePath, with reason: FilePath? = nil
  ) throws(WriteFailure) -> Int {
    guard let entry = FolderWalk.entry(file), ContentDigest(ofFileAt: file) == content else {
      return 0
    }
    if let reason { try unlink(reason, below: root) }
    try unlink(file, below: root)
    return max(1, entry.stamp.size)
  }

  private static func unlink(_ file: FilePath, below root: FilePath) throws(WriteFailure) {
    let code = Move.remove(file)
    guard code == 0 else {
      throw WriteFailure(path: file.text, action: "delete", code: code)
    }
    try Folder.sync(holding: file)
    var folder = file.removingLastComponent()
    while folder.length > root.length {
      // One that holds something else stays.
      guard unsafe folder.withPlatformString({ unsafe rmdir($0) }) == 0 else { return }
      folder.removeLastComponent()
    }
  }
}
