import Glibc
package import SystemPackage

extension FilePath {
  /// Whether two files hold the same bytes, read side by side up to the first that differs; false where one of them
  /// can't be read.
  package func hasSameContents(as other: FilePath) -> Bool {
    let files = [self, other].map { path in
      unsafe path.withPlatformString { unsafe open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
    }
    defer { for file in files where file >= 0 { close(file) } }
    guard files.allSatisfy({ $0 >= 0 }) else { return false }
    var (mine, others) = ([UInt8](repeating: 0, count: 1 << 16), [UInt8](repeating: 0, count: 1 << 16))
    while true {
      guard let count = Self.fill(&mine, from: files[0]), Self.fill(&others, from: files[1]) == count else {
        return false
      }
      guard mine[..<count] == others[..<count] else { return false }
      if count < mine.count { return true }
    }
  }

  /// How many bytes came: fewer than the buffer takes only at the end. Nil on failure.
  private static func fill(_ buffer: inout [UInt8], from descriptor: Int32) -> Int? {
    var filled = 0
    while filled < buffer.count {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe read(descriptor, $0.baseAddress! + filled, $0.count - filled)
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      filled += count
    }
    return filled
  }
}
