import Glibc
package import SystemPackage

/// Room on a file system.
package enum FreeSpace {
  /// Bytes that are free for us where `path` lies; nil where that can't be told.
  package static func bytes(at path: FilePath) -> Int? {
    var status = statvfs()
    guard unsafe path.withPlatformString({ unsafe statvfs($0, &status) }) == 0 else { return nil }
    let (bytes, isMore) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return isMore ? .max : Int(clamping: bytes)
  }

  /// Bytes that may still be written where `path` lies until so many percent of it are in use, as df(1) counts; nil where
  /// that can't be told.
  package static func bytes(at path: FilePath, below percent: Double) -> Int? {
    var status = statvfs()
    guard let free = bytes(at: path), unsafe path.withPlatformString({ unsafe statvfs($0, &status) }) == 0
    else { return nil }
    let used = Double(status.f_blocks) - Double(status.f_bfree)
    let total = used + Double(status.f_bavail)
    let allowed = (total * percent / 100 - used) * Double(status.f_frsize)
    return allowed < Double(free) ? Int(max(0, allowed)) : free
  }

  /// Percent in use of what we may use where `path` lies, as df(1) counts; nil where that can't be told.
  package static func usedPercent(at path: FilePath) -> Double? {
    var status = statvfs()
    guard unsafe path.withPlatformString({ unsafe statvfs($0, &status) }) == 0 else { return nil }
    let used = Double(status.f_blocks) - Double(status.f_bfree)
    let total = used + Double(status.f_bavail)
    return total > 0 ? 100 * used / total : nil
  }
}
