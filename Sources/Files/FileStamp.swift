package import Glibc
package import SystemPackage

/// What tells a changed file from an unchanged one.
package struct FileStamp: Hashable, Sendable, Codable {
  /// Bytes.
  package var size: Int
  /// Modification time, nanoseconds since 1970.
  package var modified: Int
  /// The file's number in its file system.
  package var inode: UInt64

  package init(size: Int, modified: Int, inode: UInt64) {
    self.size = size
    self.modified = modified
    self.inode = inode
  }

  package init(_ status: Glibc.stat) {
    self.init(
      size: Int(status.st_size), modified: status.st_mtim.nanoseconds, inode: UInt64(status.st_ino))
  }

  /// Whether it may be that of a second name of the file with the stamp `original`, or of a copy that keeps its times.
  package func mayBeCopy(of original: FileStamp) -> Bool {
    guard size == original.size else { return false }
    if inode == original.inode || modified == original.modified { return true }
    // Some file systems drop the fraction of a second, and FAT counts in twos.
    let second = 1_000_000_000
    return modified.isMultiple(of: second) && abs(modified - original.modified) < 2 * second
  }
}

/// Which file it is, whatever its names.
package struct FileIdentity: Hashable, Sendable {
  private let device: UInt
  private let inode: UInt

  package init(_ status: Glibc.stat) {
    device = UInt(status.st_dev)
    inode = UInt(status.st_ino)
  }

  /// What lies at `path`, behind links; nil when there is nothing that can be looked at.
  package init?(of path: FilePath) {
    guard let status = path.status(followingLink: true) else { return nil }
    self.init(status)
  }
}

/// stat(2) under a name that FilePath's own `stat` doesn't hide.
private func statOf(_ path: UnsafePointer<CChar>, _ status: UnsafeMutablePointer<Glibc.stat>) -> Int32 {
  unsafe stat(path, status)
}

extension FilePath {
  /// What the file system says of the path; nil, and `errno`, when it can't be looked at.
  package func status(followingLink: Bool) -> Glibc.stat? {
    var status = Glibc.stat()
    let code = unsafe withPlatformString { path in
      unsafe followingLink ? statOf(path, &status) : lstat(path, &status)
    }
    return code == 0 ? status : nil
  }
}

extension timespec {
  /// Nanoseconds since 1970. A file's date is whatever somebody wrote there: one that is more than 146 years away is as
  /// far as that, so that the difference of any two can be told as well.
  package var nanoseconds: Int {
    let furthest = Int.max / 2 / 1_000_000_000 - 1
    return min(max(Int(tv_sec), -furthest), furthest) * 1_000_000_000 + Int(tv_nsec)
  }
}
