import SystemPackage

/// The lines that come over a pipe.
struct LineReader {
  private let source: FileDescriptor
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)
  private var lines = LineBuffer()

  init(_ source: FileDescriptor) { self.source = source }

  /// The next line without its line feed, waited for; nil at the end. Bytes behind the last line feed are dropped: a
  /// line that was cut off isn't a line.
  mutating func next() -> [UInt8]? {
    while true {
      do {
        if let line = try lines.next() { return line }
        let source = source
        let count = try unsafe buffer.withUnsafeMutableBytes { try unsafe source.read(into: $0) }
        guard count > 0 else { return nil }
        try unsafe buffer.withUnsafeBytes { bytes in
          try unsafe lines.append(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
        }
      } catch { return nil }
    }
  }
}
