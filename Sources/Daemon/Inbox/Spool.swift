package import Files
import FoundationEssentials
import Glibc
import Synchronization
package import SystemPackage

/// Where files lie from the moment they are taken out of the inbox until they are in their homes. What lies here is
/// ours alone: no sender can change or replace it.
package actor Spool {
  /// What became of a file of the inbox.
  package enum Outcome: Sendable {
    /// It lies in the spool now.
    case taken(SpooledFile)
    /// Its folder isn't ours to change: a copy lies in the spool, and the file stays.
    case copied(SpooledFile, InboxFile)
    /// It went away, changed or is written again; it isn't in the spool.
    case notNow(InboxFile)
    /// It can neither be moved nor read: for want of rights, or for the reason that the system gives.
    case refused(InboxFile, WriteFailure? = nil)
  }

  private nonisolated let executor = QueueExecutor("spool")
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  let root: FilePath
  /// The folder below the root that this daemon takes files into; empty where it is alone.
  let own: FilePath
  let inbox: FilePath
  /// How many files each batch still has. Who brings them home doesn't wait for who takes others, from an inbox that
  /// may not answer.
  nonisolated let remaining: Remaining
  /// What lies here and stands in no list, as the last ``recover()`` found it; it is left alone.
  package internal(set) var strangers: [FilePath] = []
  /// For tests: `errno` with which moving the first path to the second shall fail; 0 lets it be.
  let fault: @Sendable (FilePath, FilePath) -> Int32

  package init(
    _ folders: InboxFolders, fault: @escaping @Sendable (FilePath, FilePath) -> Int32 = { _, _ in 0 }
  ) {
    self.fault = fault
    remaining = Remaining()
    root = FilePath(of: folders.spool)
    own = folders.host.map { FilePath($0) } ?? FilePath()
    inbox = FilePath(of: folders.inbox)
  }

  /// Another that takes into the same place beside it: neither waits for the other.
  init(beside spool: Spool) {
    (fault, remaining, root, inbox) = (spool.fault, spool.remaining, spool.root, spool.inbox)
    own = spool.own
  }

  /// Shared by those who take files and those who bring them home.
  final class Remaining: Sendable {
    /// The count of a batch; nil while it is taken.
    private let counts = Mutex<[FilePath: Int?]>([:])

    func begin(_ batch: FilePath) { counts.withLock { $0[batch] = .some(nil) } }

    func set(_ count: Int, in batch: FilePath) { counts.withLock { $0[batch] = count } }

    func forget(_ batch: FilePath) { counts.withLock { $0[batch] = nil } }

    func isBeingTaken(_ batch: FilePath) -> Bool { counts.withLock { $0[batch] == .some(nil) } }

    /// One has left; whether none is there any more.
    func leave(_ batch: FilePath) -> Bool {
      counts.withLock { counts in
        let count = ((counts[batch] ?? 1) ?? 1) - 1
        counts[batch] = count
        return count <= 0
      }
    }
  }

  /// The place of a file.
  package nonisolated func place(of file: SpooledFile) -> FilePath { root.pushing(file.name) }

  // MARK: In

  /// Takes files, synced when this returns. A crash at any point leaves each either in the inbox or here.
  /// - Parameters:
  ///   - folder: In which they lie; by default the inbox.
  ///   - names: Under which they go on, relative to the inbox; by default those that they have.
  package func take(
    _ files: [InboxFile], from folder: FilePath? = nil, as names: [FilePath]? = nil
  ) throws(WriteFailure) -> [Outcome] {
    guard !files.isEmpty else { return [] }
    let source = folder ?? inbox
    let batch = SpoolBatch(of: names ?? files.map(\.path), in: own)
    let folder = root.pushing(batch.folder)
    remaining.begin(batch.folder)
    do throws(WriteFailure) {
      try Folder.create(folder)
      try DurableFile.write(batch.list, to: URL(filePath: folder.appending(SpoolBatch.listName).string))
      var taking = try SpoolTaking(source, into: folder, fault)
      let outcomes = try taking.take(zip(files, batch.files).map { ($0, $1) })
      remaining.set(taking.count, in: batch.folder)
      if taking.count == 0 { dissolve(batch.folder) }
      return outcomes
    } catch {
      // What was taken stays; what lies here is found again.
      dissolve(batch.folder)
      throw error
    }
  }

  // MARK: Out

  /// Notes that a file is in its home, or was removed since its like is there.
  package nonisolated func left(_ file: SpooledFile) {
    let folder = file.name.removingLastComponent()
    if remaining.leave(folder) { dissolve(folder) }
  }

  /// Removes a batch's folder where no file of the batch lies in it any more.
  nonisolated func dissolve(_ name: FilePath) {
    remaining.forget(name)
    guard let folder = OpenFolder(root.pushing(name)), let names = folder.names() else { return }
    // Drafts are hidden, of copies and of the list itself.
    let (drafts, others) = (names.filter(\.isHidden), names.filter { !$0.isHidden })
    for draft in drafts { _ = folder.remove(draft) }
    // The list goes last: a folder with other things in it keeps it.
    guard others.allSatisfy({ $0 == SpoolBatch.listName }) else { return }
    _ = folder.remove(SpoolBatch.listName)
    _ = unsafe root.pushing(name).withPlatformString { unsafe rmdir($0) }
  }
}

extension FilePath.Component {
  fileprivate var isHidden: Bool { bytes.first == UInt8(ascii: ".") }
}
