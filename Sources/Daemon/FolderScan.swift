package import FoundationEssentials
import Glibc

/// The regular files in a folder and the folders in it, by one walk. Hidden entries and symbolic links are
/// left out: a link may lead anywhere, and moving it away would not move the image.
package struct FolderScan: Sendable {
  /// One file.
  package struct Entry: Sendable, Equatable {
    /// Relative to the root, with `/` between folders.
    package let path: String
    package let stamp: FileStamp
    /// When content or name last changed, whichever is later; nanoseconds since 1970.
    package let changed: Int
  }

  /// Sorted by path.
  package private(set) var files: [Entry] = []
  /// Folders that were walked, relative to the root; the root is "".
  package private(set) var folders: [String] = []
  /// Folders that can't be listed, and why.
  package private(set) var unreadable: [(path: String, message: String)] = []

  /// Walks `root` and what lies under it; `ignoring` holds shell patterns for names of files to leave out.
  package init(_ root: URL, ignoring patterns: [String] = [], skipping: Set<String> = []) {
    var pending = [""]
    while let folder = pending.popLast() {
      let place = folder.isEmpty ? root : root.appending(path: folder)
      if skipping.contains(place.standardizedFileURL.path) { continue }
      let names: [String]
      do { names = try FileManager.default.contentsOfDirectory(atPath: place.path) } catch {
        let reason = (error as? CocoaError)?.code == .fileReadNoPermission ? "no rights" : "can't be listed"
        unreadable.append((path: folder, message: reason))
        continue
      }
      folders.append(folder)
      for name in names where !Self.isIgnored(name, patterns) {
        let path = folder.isEmpty ? name : folder + "/" + name
        guard let entry = Self.entry(path, in: root) else {
          if Self.isFolder(root.appending(path: path).path) { pending.append(path) }
          continue
        }
        files.append(entry)
      }
    }
    files.sort { $0.path < $1.path }
    folders.sort()
    unreadable.sort { $0.path < $1.path }
  }

  /// The regular file at `path` under `root`; nil when there is none.
  package static func entry(_ path: String, in root: URL) -> Entry? {
    var status = stat()
    guard unsafe lstat(root.appending(path: path).path, &status) == 0 else { return nil }
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    let modified = nanoseconds(status.st_mtim)
    let stamp = FileStamp(size: Int(status.st_size), modified: modified, inode: UInt64(status.st_ino))
    return Entry(path: path, stamp: stamp, changed: max(modified, nanoseconds(status.st_ctim)))
  }

  /// Whether a file of this name is none of ours: hidden, or its name fits one of the patterns.
  package static func isIgnored(_ name: String, _ patterns: [String]) -> Bool {
    name.hasPrefix(".") || patterns.contains { unsafe fnmatch($0, name, 0) == 0 }
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private static func nanoseconds(_ time: timespec) -> Int {
    Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
  }
}

extension FolderScan {
  /// Removes a folder that holds nothing at all.
  /// - Returns: whether it is gone now.
  package static func removeIfEmpty(_ folder: URL) -> Bool {
    unsafe rmdir(folder.path) == 0
  }
}
