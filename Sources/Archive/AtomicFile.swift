package import Foundation
import Glibc

/// A file that appears under its name only when it is complete and on the disk.
package struct AtomicFile {
  /// Why a file couldn't be written; the one of that name before it, if any, is as it was.
  package struct Failure: Error {
    package let path: String
    package let reason: String
  }

  /// The name it will have.
  let url: URL
  private let temporary: URL
  private let handle: FileHandle

  init(replacing url: URL) throws(Failure) {
    self.url = url
    let name = ".\(url.lastPathComponent).\(UUID().uuidString).partial"
    temporary = url.deletingLastPathComponent().appending(path: name)
    guard FileManager.default.createFile(atPath: temporary.path, contents: nil),
      let handle = try? FileHandle(forWritingTo: temporary)
    else { throw Failure(path: url.path, reason: "no file can be made in its folder") }
    self.handle = handle
  }

  func append(_ data: Data) throws(Failure) {
    do { try handle.write(contentsOf: data) } catch { throw failure(Self.reason(error)) }
  }

  func overwriteStart(with data: Data) throws(Failure) {
    do {
      try handle.seek(toOffset: 0)
      try handle.write(contentsOf: data)
    } catch { throw failure(Self.reason(error)) }
  }

  func commit() throws(Failure) {
    do {
      try handle.synchronize()
      try handle.close()
    } catch { throw failure("it can't be brought to the disk") }
    guard unsafe rename(temporary.path, url.path) == 0 else { throw failure("errno \(errno) on renaming") }
  }

  /// Leaves no trace; after `commit` has nothing to do.
  func abandon() {
    try? handle.close()
    try? FileManager.default.removeItem(at: temporary)
  }

  /// Writes a whole file.
  package static func write(_ data: Data, to url: URL) throws(Failure) {
    let file = try AtomicFile(replacing: url)
    do throws(Failure) {
      try file.append(data)
      try file.commit()
    } catch {
      file.abandon()
      throw error
    }
  }

  private func failure(_ reason: String) -> Failure { Failure(path: url.path, reason: reason) }

  /// What the system says, such as "No space left on device".
  private static func reason(_ error: any Error) -> String {
    let error = error as NSError
    let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
    guard cause.domain == NSPOSIXErrorDomain else { return "the disk may be full" }
    return unsafe String(cString: strerror(Int32(cause.code)))
  }
}
