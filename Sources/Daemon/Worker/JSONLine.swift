import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage

/// What the daemon and its processes say to each other: JSON, ended by a line feed.
enum JSONLine {
  /// Bytes of a line, far more than any message has: whoever says more is out of its mind.
  static let longest = LineBuffer.longest

  static let end = UInt8(ascii: "\n")

  /// With its line feed.
  static func bytes(of message: some Encodable) throws -> [UInt8] {
    Array(try JSONEncoder().encode(message)) + [end]
  }

  /// Nil where the line makes no sense.
  static func message<Message: Decodable>(_: Message.Type = Message.self, in line: some Sequence<UInt8>)
    -> Message?
  {
    try? JSONDecoder().decode(Message.self, from: Data(line))
  }
}

/// Collects bytes until a line is whole. Pure.
///
/// Lines end at line feeds and at nothing else: JSON text may hold the other characters that Unicode counts as line ends.
package struct LineBuffer {
  /// A line that has no end.
  package struct TooLong: Error, CustomStringConvertible {
    package var description: String { "it says a line of more than \(JSONLine.longest >> 20) MB" }
  }

  private var pending: [UInt8] = []
  private var searched = 0
  private let longest: Int
  package static let longest = 16 << 20

  package init(longest: Int = LineBuffer.longest) { self.longest = longest }

  /// - Throws: where more than a line may hold waits for its end.
  package mutating func append(_ bytes: UnsafeRawBufferPointer) throws(TooLong) {
    unsafe pending.append(contentsOf: bytes)
    guard pending.count <= longest || pending[searched...].contains(JSONLine.end) else { throw TooLong() }
  }

  /// The next line without its line feed; nil until there is one.
  package mutating func next() throws(TooLong) -> [UInt8]? {
    guard let end = pending[searched...].firstIndex(of: JSONLine.end) else {
      searched = pending.count
      return nil
    }
    guard end <= longest else { throw TooLong() }
    let line = Array(pending[..<end])
    pending.removeSubrange(...end)
    searched = 0
    return line
  }
}

/// Standard input as messages of the daemon. One thread reads.
struct JSONInput<Message: Decodable> {
  private var lines = LineReader(.standardInput)

  /// Waits for the next one; nil at the end, and where what comes makes no sense.
  mutating func next() -> Message? { lines.next().flatMap { JSONLine.message(in: $0) } }
}

/// Standard output as messages for the daemon. Whatever a library prints goes to standard error instead.
final class ReplyWriter: Sendable {
  private let descriptor: Mutex<Int32>

  init() {
    descriptor = Mutex(dup(STDOUT_FILENO))
    dup2(STDERR_FILENO, STDOUT_FILENO)
  }

  func send(_ reply: some Encodable) {
    guard let line = try? JSONLine.bytes(of: reply) else { return }
    descriptor.withLock { Self.write(line, to: $0) }
  }

  private static func write(_ line: [UInt8], to descriptor: Int32) {
    var written = 0
    while written < line.count {
      let count = unsafe line[written...].withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress!, $0.count)
      }
      if count < 0 && errno == EINTR { continue }
      // The parent is gone: nobody wants the answers any more.
      guard count > 0 else { _exit(0) }
      written += count
    }
  }
}
