import Files
import Glibc
import SystemPackage

extension Move {
  /// Copies content, times and rights.
  /// - Parameter isSynced: whether the copy's content is on the disk when this returns; otherwise that is for the caller
  ///   to see to.
  static func copy(
    from source: Place, to destination: Place, isSynced: Bool = true
  ) throws(WriteFailure) {
    // Without O_NONBLOCK a pipe that a stranger laid there would make us wait.
    let input = source.folder.open(source.name, O_RDONLY | O_NONBLOCK)
    guard input >= 0 else { throw WriteFailure(path: source.path.text, action: "read", code: errno) }
    defer { close(input) }
    var status = stat()
    guard unsafe fstat(input, &status) == 0 else {
      throw WriteFailure(path: source.path.text, action: "read", code: errno)
    }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    let output = destination.folder.open(destination.name, flags, mode: 0o640)
    guard output >= 0 else {
      throw WriteFailure(path: destination.path.text, action: "create", code: errno)
    }
    defer { close(output) }
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    guard isRegular, try pour(input, source, output, destination) == Int(status.st_size) else {
      throw WriteFailure(path: source.path.text, message: "changed while it was copied")
    }
    var times = [status.st_atim, status.st_mtim]
    _ = unsafe futimens(output, &times)
    _ = fchmod(output, status.st_mode & 0o777)
    guard !isSynced || fsync(output) == 0 else {
      throw WriteFailure(path: destination.path.text, action: "sync", code: errno)
    }
  }

  /// How many bytes there were.
  private static func pour(
    _ input: Int32, _ source: Place, _ output: Int32, _ destination: Place
  ) throws(WriteFailure) -> Int {
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    var copied = 0
    while true {
      let capacity = buffer.count
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(input, $0.baseAddress!, capacity) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw WriteFailure(path: source.path.text, action: "read", code: errno) }
      if count == 0 { return copied }
      let code = unsafe buffer[..<count].withUnsafeBytes { unsafe writeAll(of: $0, to: output) }
      guard code == 0 else { throw WriteFailure(path: destination.path.text, action: "write", code: code) }
      copied += count
    }
  }
}
