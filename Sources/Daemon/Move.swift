import Analysis
package import Files
package import FoundationEssentials
import Glibc

/// Moves files without ever overwriting or losing one.
package enum Move {
  /// What became of a move.
  package enum Outcome: Sendable, Equatable {
    case moved
    /// Something lies at the destination already; nothing was changed.
    case destinationTaken
    /// There is nothing at the source.
    case sourceMissing
  }

  /// Renames `source` to `destination`; across file systems it copies, syncs, renames and then removes.
  package static func file(from source: URL, to destination: URL) throws(WriteFailure) -> Outcome {
    try Folder.create(destination.deletingLastPathComponent())
    let code = renameWithoutReplacing(source.path, destination.path)
    switch code {
    case 0: break
    case EEXIST: return .destinationTaken
    case ENOENT: return .sourceMissing
    case EXDEV: return try copyAcross(from: source, to: destination)
    default: throw WriteFailure(path: source.path, action: "move out of its folder", code: code)
    }
    Folder.sync(holding: destination)
    Folder.sync(holding: source)
    return .moved
  }

  /// Renames within a file system; what was at the destination is replaced.
  package static func replacing(_ source: URL, _ destination: URL) throws(WriteFailure) {
    guard unsafe rename(source.path, destination.path) == 0 else {
      throw WriteFailure(path: destination.path, action: "rename into place", code: errno)
    }
    Folder.sync(holding: destination)
  }

  /// 0 or errno. Look, then rename: the folders are locked, so that no other process of ours can come between.
  private static func renameWithoutReplacing(_ source: String, _ destination: String) -> Int32 {
    if unsafe access(destination, F_OK) == 0 { return EEXIST }
    return unsafe rename(source, destination) == 0 ? 0 : errno
  }

  private static func copyAcross(from source: URL, to destination: URL) throws(WriteFailure) -> Outcome {
    guard unsafe access(destination.path, F_OK) != 0 else { return .destinationTaken }
    let temporary = destination.deletingLastPathComponent()
      .appending(path: ".\(destination.lastPathComponent).part")
    try copy(from: source, to: temporary)
    let code = renameWithoutReplacing(temporary.path, destination.path)
    guard code == 0 else {
      unsafe unlink(temporary.path)
      if code == EEXIST { return .destinationTaken }
      throw WriteFailure(path: destination.path, action: "rename into place", code: code)
    }
    Folder.sync(holding: destination)
    guard unsafe unlink(source.path) == 0 || errno == ENOENT else {
      throw WriteFailure(path: source.path, action: "remove after copying", code: errno)
    }
    return .moved
  }

  /// Copies content, times and rights, and syncs.
  private static func copy(from source: URL, to destination: URL) throws(WriteFailure) {
    let input = unsafe open(source.path, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else { throw WriteFailure(path: source.path, action: "read", code: errno) }
    defer { close(input) }
    var status = stat()
    guard unsafe fstat(input, &status) == 0 else {
      throw WriteFailure(path: source.path, action: "read", code: errno)
    }
    let output = unsafe open(destination.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
    guard output >= 0 else { throw WriteFailure(path: destination.path, action: "create", code: errno) }
    defer { close(output) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var copied = 0
    while true {
      let capacity = buffer.count
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(input, $0.baseAddress!, capacity) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw WriteFailure(path: source.path, action: "read", code: errno) }
      if count == 0 { break }
      var written = 0
      while written < count {
        let more = unsafe buffer[written..<count].withUnsafeBytes {
          unsafe write(output, $0.baseAddress!, $0.count)
        }
        if more < 0 && errno == EINTR { continue }
        guard more > 0 else { throw WriteFailure(path: destination.path, action: "write", code: errno) }
        written += more
      }
      copied += count
    }
    guard copied == Int(status.st_size) else {
      throw WriteFailure(path: source.path, message: "changed while it was copied")
    }
    var times = [status.st_atim, status.st_mtim]
    _ = unsafe futimens(output, &times)
    _ = fchmod(output, status.st_mode & 0o777)
    guard fsync(output) == 0 else { throw WriteFailure(path: destination.path, action: "sync", code: errno) }
  }
}
