import Files
import FoundationEssentials
import NIOCore
import NIOPosix
import Synchronization
import SystemPackage

/// Files as the parts of a `multipart/related` body (RFC 2387, PS3.18 8.6.1.2.1), read while it is sent: no file is held
/// in memory as a whole.
struct MultipartRelated: AsyncSequence, Sendable {
  typealias Element = ByteBuffer

  /// A file's bytes at this moment.
  struct Part: Sendable {
    let path: FilePath
    let size: Int
  }

  let parts: [Part]
  let boundary: String
  /// Is told that bytes go.
  let onProgress: @Sendable () -> Void
  private static let chunk = 256 << 10

  var contentType: String { "multipart/related; type=\"application/dicom\"; boundary=\(boundary)" }

  /// Bytes of the body.
  var length: Int64 {
    parts.reduce(Int64(closing.utf8.count)) { $0 + Int64(opening.utf8.count + $1.size + 2) }
  }

  private var opening: String { "--\(boundary)\r\nContent-Type: application/dicom\r\n\r\n" }
  private var closing: String { "--\(boundary)--\r\n" }

  func makeAsyncIterator() -> Iterator { Iterator(body: self) }

  struct Iterator: AsyncIteratorProtocol {
    let body: MultipartRelated
    private var next = 0
    private var open: OpenPart?
    private var isOver = false

    init(body: MultipartRelated) { self.body = body }

    mutating func next() async throws -> ByteBuffer? {
      body.onProgress()
      if let part = open {
        if let bytes = try await part.read(atMost: MultipartRelated.chunk) { return bytes }
        part.close()
        open = nil
        return ByteBuffer(string: "\r\n")
      }
      if next < body.parts.count {
        open = try OpenPart(body.parts[next])
        next += 1
        return ByteBuffer(string: body.opening)
      }
      if isOver { return nil }
      isOver = true
      return ByteBuffer(string: body.closing)
    }
  }
}

/// A file that is being sent. One task uses it.
private final class OpenPart: Sendable {
  private let descriptor: SystemPackage.FileDescriptor
  private let size: Int
  private let taken = Mutex(0)

  init(_ part: MultipartRelated.Part) throws {
    descriptor = try SystemPackage.FileDescriptor.open(part.path, .readOnly, options: [.closeOnExec])
    size = part.size
  }

  deinit { close() }

  /// The next bytes, read on a thread where that may take its time; nil behind the last.
  /// - Throws: where the file has become shorter: a body of another length than was said can't be sent.
  func read(atMost limit: Int) async throws -> ByteBuffer? {
    let offset = taken.withLock { $0 }
    let wanted = Swift.min(limit, size - offset)
    guard wanted > 0 else { return nil }
    let descriptor = descriptor
    let bytes = try await NIOThreadPool.singleton.runIfActive {
      var buffer = ByteBuffer()
      let count = try unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) {
        try unsafe descriptor.read(
          fromAbsoluteOffset: Int64(offset), into: .init(rebasing: $0.prefix(wanted)))
      }
      guard count > 0 else { throw Errno.ioError }
      return buffer
    }
    taken.withLock { $0 += bytes.readableBytes }
    return bytes
  }

  func close() {
    let isFirst = taken.withLock { taken in
      defer { taken = .max }
      return taken != .max
    }
    if isFirst { try? descriptor.close() }
  }
}
