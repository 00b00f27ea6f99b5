import Glibc
package import SystemPackage

/// Room on a file system.
package enum FreeSpace {
  /// Bytes that are free for us where `path` lies; nil where that can't be told.
  package static func bytes(at path: FilePath) -> Int? { status(of: path).map(bytes) }

  /// Bytes that may still be written where `path` lies until so many percent of it are in use, as df(1) counts; nil where
  /// that can't be told.
  package static func bytes(at path: FilePath, below percent: Double) -> Int? {
    guard let status = status(of: path) else { return nil }
    let (used, total) = blocks(status)
    let allowed = (total * percent / 100 - used) * Double(status.f_frsize)
    let free = bytes(status)
    return allowed < Double(free) ? Int(max(0, allowed)) : free
  }

  /// Percent in use of what we may use where `path` lies, as df(1) counts; nil where that can't be told.
  package static func usedPercent(at path: FilePath) -> Double? {
    guard let (used, total) = status(of: path).map(blocks) else { return nil }
    return total > 0 ? 100 * used / total : nil
  }

  private static func status(of path: FilePath) -> statvfs? {
    var status = statvfs()
    return unsafe path.withPlatformString { unsafe statvfs($0, &status) } == 0 ? status : nil
  }

  private static func bytes(_ status: statvfs) -> Int {
    let (bytes, isMore) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return isMore ? .max : Int(clamping: bytes)
  }

  /// In use, and in use or free for us.
  private static func blocks(_ status: statvfs) -> (used: Double, total: Double) {
    let used = Double(status.f_blocks) - Double(status.f_bfree)
    return (used, used + Double(status.f_bavail))
  }
}
