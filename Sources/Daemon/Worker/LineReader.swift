import SystemPackage

/// Splits what a process prints at line feeds, and at nothing else: JSON text may hold the other characters
/// that Unicode counts as line ends.
struct LineReader {
  private let source: FileDescriptor
  private var buffer = [UInt8](repeating: 0, count: 1 << 14)
  private var pending: [UInt8] = []
  private var searched = 0

  init(_ source: FileDescriptor) { self.source = source }

  /// The next line without its line feed, waited for; nil at the end. Bytes behind the last line feed are dropped: a
  /// line that was cut off isn't a line.
  mutating func next() -> [UInt8]? {
    while true {
      if let end = pending[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(pending[..<end])
        pending.removeSubrange(...end)
        searched = 0
        return line
      }
      searched = pending.count
      let source = source
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe try? source.read(into: $0) } ?? 0
      guard count > 0 else { return nil }
      pending += buffer[..<count]
    }
  }
}
