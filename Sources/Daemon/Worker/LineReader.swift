import Subprocess

/// Splits what a process prints at line feeds, and at nothing else: JSON text may hold the other characters
/// that Unicode counts as line ends.
struct LineReader {
  private var buffers: SubprocessOutputSequence.Iterator
  private var pending: [UInt8] = []
  private var searched = 0

  init(_ output: SubprocessOutputSequence) {
    buffers = output.makeAsyncIterator()
  }

  /// The next line without its line feed; nil at the end. Bytes behind the last line feed are dropped: a
  /// line that was cut off isn't a line.
  mutating func next(isolation: isolated (any Actor)?) async throws -> [UInt8]? {
    while true {
      if let end = pending[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(pending[..<end])
        pending.removeSubrange(...end)
        searched = 0
        return line
      }
      searched = pending.count
      guard let buffer = try await buffers.next(isolation: isolation) else { return nil }
      unsafe buffer.withUnsafeBytes { bytes in unsafe pending.append(contentsOf: bytes) }
    }
  }
}
