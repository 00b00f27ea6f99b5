internal import Glibc

/// A file in the making; gone with this value unless it is kept.
@safe
struct ReceivedFile: ~Copyable {
  let path: String
  private var descriptor: Int32
  private(set) var bytes = 0
  /// Of the first thing that failed; 0: nothing did.
  private(set) var code: Int32 = 0
  private var isKept = false
  private(set) var isAbandoned = false

  init(_ path: String) {
    self.path = path
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o660)
    if descriptor < 0 { code = errno }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !isKept { unsafe unlink(path) }
  }

  /// Gives back its room at once; what still comes isn't written.
  mutating func abandon() {
    guard !isAbandoned else { return }
    isAbandoned = true
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    unsafe unlink(path)
  }

  mutating func append(_ part: UnsafeRawBufferPointer) {
    guard !isAbandoned else { return }
    var rest = unsafe part[...]
    while code == 0, unsafe !rest.isEmpty {
      let count = unsafe write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      if count < 0 { code = errno } else { unsafe rest = rest.dropFirst(count) }
    }
    bytes += part.count
  }

  mutating func append(_ part: [UInt8]) { unsafe part.withUnsafeBytes { unsafe append($0) } }

  /// Whether all was written.
  mutating func finish() -> Bool {
    if descriptor >= 0, close(descriptor) != 0, code == 0 { code = errno }
    descriptor = -1
    return code == 0
  }

  mutating func keep() { isKept = true }
}
