package import FoundationEssentials
import Glibc

/// A file that appears under its name only when it is complete and on the disk, also after a power cut: it is written
/// under a hidden temporary name beside it, synced, renamed, and its folder is synced. The one of that name before it,
/// if any, stays as it was until then.
///
/// Readable by owner and group only: most files name patients.
package struct DurableFile: ~Copyable {
  /// The name that it will have.
  package let url: URL
  /// Hidden, so that nothing that watches the folder takes it for a result.
  package let temporary: URL
  private let descriptor: Int32
  private var isCommitted = false

  /// Begins a file.
  package init(replacing url: URL) throws(WriteFailure) {
    self.url = url
    let mark = String(UInt32.random(in: .min ... .max), radix: 16)
    temporary = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).\(mark).part")
    descriptor = unsafe open(temporary.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw WriteFailure(path: url.path, action: "create", code: errno) }
  }

  /// Whatever wasn't committed leaves no trace.
  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !isCommitted { unsafe unlink(temporary.path) }
  }

  /// Adds bytes to the end.
  package func append(_ bytes: some ContiguousBytes) throws(WriteFailure) {
    guard lseek(descriptor, 0, SEEK_END) >= 0 else { throw failure("write", errno) }
    try write(bytes)
  }

  /// Writes bytes over those at the start.
  package func overwriteStart(with bytes: some ContiguousBytes) throws(WriteFailure) {
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw failure("write", errno) }
    try write(bytes)
  }

  /// Gives the file its name.
  package consuming func commit() throws(WriteFailure) {
    guard fsync(descriptor) == 0 else { throw failure("sync", errno) }
    guard unsafe rename(temporary.path, url.path) == 0 else { throw failure("rename into place", errno) }
    isCommitted = true
    try Folder.sync(holding: url)
  }

  /// Writes a whole file.
  package static func write(_ bytes: some ContiguousBytes, to url: URL) throws(WriteFailure) {
    let file = try DurableFile(replacing: url)
    try file.append(bytes)
    try file.commit()
  }

  /// Writes a whole file of text in UTF-8.
  package static func write(_ text: String, to url: URL) throws(WriteFailure) {
    try write(Array(text.utf8), to: url)
  }

  private func write(_ bytes: some ContiguousBytes) throws(WriteFailure) {
    let code = unsafe bytes.withUnsafeBytes { unsafe writeAll(of: $0, to: descriptor) }
    guard code == 0 else { throw failure("write", code) }
  }

  private func failure(_ action: String, _ code: Int32) -> WriteFailure {
    WriteFailure(path: url.path, action: action, code: code)
  }
}

/// Writes all of `bytes` where the descriptor stands; 0, or `errno`.
@unsafe package func writeAll(of bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
  var rest = unsafe bytes[...]
  while unsafe !rest.isEmpty {
    let count = unsafe Glibc.write(
      descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress!, rest.count)
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else { return count < 0 ? errno : EIO }
    unsafe rest = unsafe rest.dropFirst(count)
  }
  return 0
}
