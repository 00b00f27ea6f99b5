import Subprocess

/// The lines that a process prints.
struct LineReader {
  private var buffers: SubprocessOutputSequence.Iterator
  private var lines = LineBuffer()

  init(_ output: SubprocessOutputSequence) {
    buffers = output.makeAsyncIterator()
  }

  /// The next line without its line feed; nil at the end. Bytes behind the last line feed are dropped: a
  /// line that was cut off isn't a line.
  mutating func next(isolation: isolated (any Actor)?) async throws -> [UInt8]? {
    while true {
      if let line = try lines.next() { return line }
      guard let buffer = try await buffers.next(isolation: isolation) else { return nil }
      try unsafe buffer.withUnsafeBytes { bytes in try unsafe lines.append(bytes) }
    }
  }
}
