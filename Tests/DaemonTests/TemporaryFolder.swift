import Foundation
import Glibc

/// A folder of its own for a test, removed at its end.
final class TemporaryFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "mmdicom-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Writes a file and the folders above it.
  @discardableResult
  func write(_ text: String, _ path: String) throws -> URL {
    let file = url.appending(path: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
    return file
  }

  func read(_ path: String) -> String? {
    try? String(contentsOf: url.appending(path: path), encoding: .utf8)
  }

  /// Sets when a file was modified, in nanoseconds since 1970.
  func setTime(_ modified: Int, of path: String) throws {
    let time = timespec(tv_sec: modified / 1_000_000_000, tv_nsec: modified % 1_000_000_000)
    let code = unsafe utimensat(AT_FDCWD, url.appending(path: path).path, [time, time], 0)
    if code != 0 { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
  }

  /// Every file under a folder, relative to it, sorted.
  func files(under folder: String) -> [String] {
    let root = url.appending(path: folder)
    let names = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
    return names.filter { name in
      var isFolder: ObjCBool = false
      let path = root.appending(path: name).path
      return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted()
  }

  /// Every file that isn't a lock or in the daemon's own folder `ledger`, relative to the folder, sorted.
  var files: [String] {
    let names = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
    return names.filter { name in
      var isFolder: ObjCBool = false
      let isThere = unsafe FileManager.default.fileExists(
        atPath: url.appending(path: name).path, isDirectory: &isFolder)
      return isThere && !isFolder.boolValue && !name.hasSuffix(".mmdicom.lock")
        && !name.hasPrefix("ledger/")
    }.sorted()
  }
}
