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
}
