package import Files
package import FoundationEssentials
import Glibc

extension ReportFile {
  /// What lies under a report's name.
  package enum Found: Sendable {
    case nothing
    /// A report of this version that can be written, or the beginning of one.
    case report
    /// The same of an earlier version, which had no column for notes.
    case earlierReport
    /// What somebody else put there, or saved in a shape of their own: another header, other line ends, a byte order mark,
    /// no rights, a folder.
    case other
  }

  /// Looks without changing anything.
  /// - Throws: ``WriteFailure`` when it can't be known now.
  package static func look(_ url: URL) throws(WriteFailure) -> Found {
    // Nobody else's pipe is waited for.
    let descriptor = unsafe open(url.path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return try unopened(url, errno) }
    defer { close(descriptor) }
    return try look(into: descriptor, of: url)
  }

  /// The same of an open file.
  static func look(into descriptor: Int32, of url: URL) throws(WriteFailure) -> Found {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw WriteFailure(path: url.path, action: "look at it", code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { return .other }
    let (header, earlier) = (Array(ReportCSV.header.utf8), Array(ReportCSV.earlierHeader.utf8))
    var beginning = [UInt8](repeating: 0, count: header.count)
    let count = unsafe beginning.withUnsafeMutableBytes {
      unsafe pread(descriptor, $0.baseAddress!, $0.count, 0)
    }
    guard count >= 0 else { throw WriteFailure(path: url.path, action: "read", code: errno) }
    let found = beginning[..<count]
    if found.starts(with: earlier) { return .earlierReport }
    // A crash while the file was made may have left a part of the header.
    return [header, earlier].contains { $0.starts(with: found) } ? .report : .other
  }

  private static func unopened(_ url: URL, _ code: Int32) throws(WriteFailure) -> Found {
    switch code {
    case ENOENT:
      // A link to nothing is something.
      var status = stat()
      return unsafe lstat(url.path, &status) == 0 ? .other : .nothing
    case EACCES, EPERM, EISDIR, ELOOP, ENXIO, ENODEV: return .other
    default: throw WriteFailure(path: url.path, action: "open", code: code)
    }
  }
}
