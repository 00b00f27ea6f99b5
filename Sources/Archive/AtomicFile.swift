import Foundation
import Glibc

/// A file that appears under its name only when it is complete and on the disk.
struct AtomicFile {
  /// The name it will have.
  let url: URL
  private let temporary: URL
  private let handle: FileHandle

  init(replacing url: URL) throws(ImageCacheError) {
    self.url = url
    let name = ".\(url.lastPathComponent).\(UUID().uuidString).partial"
    temporary = url.deletingLastPathComponent().appending(path: name)
    guard FileManager.default.createFile(atPath: temporary.path, contents: nil),
      let handle = try? FileHandle(forWritingTo: temporary)
    else { throw .cannotWrite(path: url.path, reason: "no file can be made in its folder") }
    self.handle = handle
  }

  func append(_ data: Data) throws(ImageCacheError) {
    do { try handle.write(contentsOf: data) } catch { throw failure("the disk may be full") }
  }

  func overwriteStart(with data: Data) throws(ImageCacheError) {
    do {
      try handle.seek(toOffset: 0)
      try handle.write(contentsOf: data)
    } catch { throw failure("the disk may be full") }
  }

  func commit() throws(ImageCacheError) {
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

  private func failure(_ reason: String) -> ImageCacheError { .cannotWrite(path: url.path, reason: reason) }
}
