import Glibc

/// Standard output and standard error. Results go to the first, everything else to the second.
enum Terminal {
  /// One line about what went wrong.
  static func complain(_ message: String) {
    tell("mmdicom: \(message.split(whereSeparator: \.isNewline).joined(separator: " "))\n")
  }

  /// Text for people, on standard error.
  static func tell(_ text: String) { write(text, to: STDERR_FILENO) }

  /// Text on standard output.
  static func result(_ text: String) { write(text, to: STDOUT_FILENO) }

  /// Unbuffered, so that both outputs keep their order; a closed pipe is no reason to end half-way.
  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes[written...].withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress!, buffer.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      written += count
    }
  }
}
