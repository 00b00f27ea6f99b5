internal import CDCMTK
internal import Files
internal import Glibc

/// A file opened for reading: its bytes, and a stamp that changes when another file takes its place.
@safe
struct FileContents: ~Copyable {
  enum Failure: Error {
    case system(code: Int32)
    case other(DICOMReadError.Reason, String)
  }

  let stamp: FileStamp
  private let descriptor: Int32

  init(path: String) throws(Failure) {
    // O_NONBLOCK: a named pipe in the inbox must not stop us.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(code: errno) }
    do throws(Failure) { stamp = try FileContents.checked(descriptor) } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
  }

  private static func checked(_ descriptor: Int32) throws(Failure) -> FileStamp {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .system(code: errno) }
    if status.st_mode & S_IFMT == S_IFDIR { throw .system(code: EISDIR) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .other(.unreadable, "not a regular file") }
    guard status.st_size > 0 else { throw .other(.emptyFile, "empty file") }
    // DICOM's lengths are of 32 bits, and nothing near them is a radiograph.
    guard status.st_size < 1 << 32 else { throw .other(.tooLarge, "larger than 4 GiB") }
    return FileStamp(status)
  }

  deinit { close(descriptor) }

  /// The first `count` bytes, all where the file is shorter.
  func bytes(prefix count: Int = .max) throws(Failure) -> [UInt8] {
    let count = min(count, stamp.size)
    var code: Int32 = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, read in
      while read < count {
        let got = unsafe pread(descriptor, buffer.baseAddress! + read, count - read, off_t(read))
        if got < 0 && errno == EINTR { continue }
        if got < 0 { code = errno }
        if got <= 0 { break }
        read += got
      }
    }
    if code != 0 { throw .system(code: code) }
    guard bytes.count == count else { throw .other(.unreadable, "the file became shorter while it was read") }
    return bytes
  }
}

extension DICOMReadError {
  init(_ failure: FileContents.Failure, path: String) {
    self.path = path
    switch failure {
    case .system(let code):
      reason = .unreadable
      detail = unsafe String(cString: strerror(code))
      toolkitCode = Int(code)
    case .other(let reason, let detail):
      self.reason = reason
      self.detail = detail
      toolkitCode = nil
    }
  }
}
