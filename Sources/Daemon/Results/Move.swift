package import Files
import Glibc
package import SystemPackage

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
  package static func file(from source: FilePath, to destination: FilePath) throws(WriteFailure) -> Outcome {
    try Folder.create(destination.removingLastComponent())
    let code = renameWithoutReplacing(source, destination)
    switch code {
    case 0: break
    case EEXIST: return .destinationTaken
    case ENOENT: return .sourceMissing
    case EXDEV: return try copyAcross(from: source, to: destination)
    default: throw WriteFailure(path: source.text, action: "move out of its folder", code: code)
    }
    try Folder.sync(holding: destination)
    try Folder.sync(holding: source)
    return .moved
  }

  /// Gives a file its final name; what was at the destination is replaced. Across file systems it is copied to a hidden
  /// name there first.
  static func replacing(_ source: FilePath, _ destination: FilePath) throws(WriteFailure) {
    var code = rename(source, destination)
    if code == EXDEV {
      let name = Array(".".utf8) + (destination.lastComponent?.bytes ?? []) + Array(".part".utf8)
      let temporary = destination.removingLastComponent().pushing(FilePath(bytes: name))
      try copy(from: source, to: temporary)
      code = rename(temporary, destination)
      _ = remove(code == 0 ? source : temporary)
    }
    guard code == 0 else {
      throw WriteFailure(path: destination.text, action: "rename into place", code: code)
    }
    try Folder.sync(holding: destination)
  }

  /// 0 or errno. A second name first and then the first one gone: unlike a look before a rename, link(2) says in the same
  /// step that something lies there. Where there are no second names (FAT, some mounts, files of others), look and
  /// rename: the folders are locked, so that no other process of ours can come between.
  private static func renameWithoutReplacing(_ source: FilePath, _ destination: FilePath) -> Int32 {
    let code = unsafe source.withPlatformString { source in
      unsafe destination.withPlatformString { unsafe Glibc.link(source, $0) == 0 ? 0 : errno }
    }
    switch code {
    case 0:
      let code = remove(source)
      if code != 0 { _ = remove(destination) }
      return code
    case EPERM, ENOTSUP, ENOSYS, EMLINK:
      return FolderRights.may(F_OK, destination) ? EEXIST : rename(source, destination)
    default: return code
    }
  }

  /// 0 or errno.
  package static func rename(_ source: FilePath, _ destination: FilePath) -> Int32 {
    unsafe source.withPlatformString { source in
      unsafe destination.withPlatformString { unsafe Glibc.rename(source, $0) == 0 ? 0 : errno }
    }
  }

  /// 0 or errno; that nothing is there is as good.
  static func remove(_ file: FilePath) -> Int32 {
    unsafe file.withPlatformString { unsafe unlink($0) == 0 || errno == ENOENT ? 0 : errno }
  }

  private static func copyAcross(
    from source: FilePath, to destination: FilePath
  ) throws(WriteFailure) -> Outcome {
    guard !FolderRights.may(F_OK, destination) else { return .destinationTaken }
    let name = Array(".".utf8) + (destination.lastComponent?.bytes ?? []) + Array(".part".utf8)
    let temporary = destination.removingLastComponent().pushing(FilePath(bytes: name))
    try copy(from: source, to: temporary)
    let code = renameWithoutReplacing(temporary, destination)
    guard code == 0 else {
      _ = remove(temporary)
      if code == EEXIST { return .destinationTaken }
      throw WriteFailure(path: destination.text, action: "rename into place", code: code)
    }
    try Folder.sync(holding: destination)
    let removal = remove(source)
    guard removal == 0 else {
      throw WriteFailure(path: source.text, action: "remove after copying", code: removal)
    }
    return .moved
  }

  /// Copies content, times and rights, and syncs.
  static func copy(from source: FilePath, to destination: FilePath) throws(WriteFailure) {
    let input = unsafe source.withPlatformString { unsafe open($0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) }
    guard input >= 0 else { throw WriteFailure(path: source.text, action: "read", code: errno) }
    defer { close(input) }
    var status = stat()
    guard unsafe fstat(input, &status) == 0 else {
      throw WriteFailure(path: source.text, action: "read", code: errno)
    }
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
    let output = unsafe destination.withPlatformString { unsafe open($0, flags, 0o640) }
    guard output >= 0 else { throw WriteFailure(path: destination.text, action: "create", code: errno) }
    defer { close(output) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var copied = 0
    while true {
      let capacity = buffer.count
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(input, $0.baseAddress!, capacity) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw WriteFailure(path: source.text, action: "read", code: errno) }
      if count == 0 { break }
      var written = 0
      while written < count {
        let more = unsafe buffer[written..<count].withUnsafeBytes {
          unsafe write(output, $0.baseAddress!, $0.count)
        }
        if more < 0 && errno == EINTR { continue }
        guard more > 0 else { throw WriteFailure(path: destination.text, action: "write", code: errno) }
        written += more
      }
      copied += count
    }
    guard copied == Int(status.st_size) else {
      throw WriteFailure(path: source.text, message: "changed while it was copied")
    }
    var times = [status.st_atim, status.st_mtim]
    _ = unsafe futimens(output, &times)
    _ = fchmod(output, status.st_mode & 0o777)
    guard fsync(output) == 0 else { throw WriteFailure(path: destination.text, action: "sync", code: errno) }
  }
}
