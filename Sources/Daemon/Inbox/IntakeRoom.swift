import Files
import FoundationEssentials
import Glibc
import SystemPackage

/// Whether there is room for more files where the daemon keeps what it takes in and makes of it: the file systems of
/// spool, outbox and ledger.
struct IntakeRoom: Sendable {
  /// What stays free where the spool lies, for the ledger and for results in the making.
  static let reserve = 32 << 20

  private let folders: InboxFolders
  private var disk: DiskGuard
  private let freeSpace: @Sendable (FilePath) -> Int?
  private let diskUse: @Sendable (FilePath) -> Double?

  init(
    _ configuration: DaemonConfiguration, freeSpace: @escaping @Sendable (FilePath) -> Int?,
    diskUse: @escaping @Sendable (FilePath) -> Double?
  ) {
    folders = configuration.folders
    disk = DiskGuard(stop: configuration.diskStopPercent, resume: configuration.diskResumePercent)
    self.freeSpace = freeSpace
    self.diskUse = diskUse
  }

  var isOpen: Bool { disk.isOpen }

  /// Looks at the disks; tells what has changed.
  mutating func look() -> DiskGuard.Change? {
    disk.look(
      GuardedFolder.allCases.compactMap { folder in
        diskUse(FilePath(of: folder.place(in: folders))).map { (folder, $0) }
      })
  }

  /// Bytes that files may have that are taken in. Without them nothing is taken: what has been taken needs the room to
  /// get out again.
  func bytes() throws(WriteFailure) -> Int {
    guard let free = freeSpace(FilePath(of: folders.spool)) else { return .max }
    guard free > Self.reserve else {
      throw WriteFailure(path: folders.ledger.path, action: "take files in", code: ENOSPC)
    }
    return free - Self.reserve
  }
}
