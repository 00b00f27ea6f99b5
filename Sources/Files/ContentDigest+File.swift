import Glibc
package import SystemPackage

extension ContentDigest {
  /// The digest of a file's content; nil when it can't be read.
  package init?(ofFileAt path: FilePath) {
    let descriptor = unsafe path.withPlatformString { unsafe open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    var digest = Running()
    // Most files are small, and clearing a megabyte for each would cost more than reading it.
    var buffer = [UInt8](repeating: 0, count: min(max(Int(status.st_size), 1 << 12), 1 << 20))
    while true {
      let capacity = buffer.count
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress!, capacity) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      digest.add(buffer[..<count])
    }
    self = digest.finished()
  }
}
