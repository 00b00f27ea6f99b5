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

  /// Something that is there and can't be read.
  package struct Unreadable: Sendable, Equatable {
    /// Relative to the root.
    package let path: String
    /// Why.
    package let message: String
    /// A folder that can't be listed, as opposed to an entry that can't be looked at.
    package let isFolder: Bool
  }

  /// Sorted by path.
  package private(set) var files: [Entry] = []
  /// Folders that were walked, relative to the root; the root is "".
  package private(set) var folders: [String] = []
  /// Folders that can't be listed, names that aren't UTF-8, entries without rights.
  package private(set) var unreadable: [Unreadable] = []

  /// Walks `root` and what lies under it; `ignoring` holds shell patterns for names of files to leave out.
  package init(_ root: URL, ignoring patterns: [String] = [], skipping: Set<String> = []) {
    var pending = [""]
    while let folder = pending.popLast() {
      let place = folder.isEmpty ? root : root.appending(path: folder)
      if skipping.contains(place.standardizedFileURL.path) { continue }
      guard let names = FolderListing.names(in: place.path) else {
        let reason = errno == EACCES ? "no rights" : "can't be listed"
        unreadable.append(Unreadable(path: folder, message: reason, isFolder: true))
        continue
      }
      folders.append(folder)
      for name in names where !Self.isIgnored(name, patterns) {
        let path = folder.isEmpty ? name : folder + "/" + name
        switch Self.look(path, in: root) {
        case .file(let entry): files.append(entry)
        case .folder: pending.append(path)
        case .other: break
        // Gone since the folder was listed, unless the name was never that: bytes that aren't UTF-8 were
        // replaced in it.
        case .failed(ENOENT) where !name.unicodeScalars.contains("\u{FFFD}"): break
        case .failed(let code):
          let rights = code == EACCES ? "no rights" : "can't be read"
          let reason = code == ENOENT ? "the name isn't UTF-8" : rights
          unreadable.append(Unreadable(path: path, message: reason, isFolder: false))
        }
      }
    }
    files.sort { $0.path < $1.path }
    folders.sort()
    unreadable.sort { $0.path < $1.path }
  }

  /// The regular file at `path` under `root`; nil when there is none.
  package static func entry(_ path: String, in root: URL) -> Entry? {
    guard case .file(let entry) = look(path, in: root) else { return nil }
    return entry
  }

  private enum Sight {
    case file(Entry)
    case folder
    case other
    /// With `errno`.
    case failed(Int32)
  }

  private static func look(_ path: String, in root: URL) -> Sight {
    var status = stat()
    guard unsafe lstat(root.appending(path: path).path, &status) == 0 else { return .failed(errno) }
    if status.st_mode & S_IFMT == S_IFDIR { return .folder }
    guard status.st_mode & S_IFMT == S_IFREG else { return .other }
    let modified = nanoseconds(status.st_mtim)
    let stamp = FileStamp(size: Int(status.st_size), modified: modified, inode: UInt64(status.st_ino))
    return .file(Entry(path: path, stamp: stamp, changed: max(modified, nanoseconds(status.st_ctim))))
  }

  /// Whether a file of this name is none of ours: hidden, or its name fits one of the patterns.
  package static func isIgnored(_ name: String, _ patterns: [String]) -> Bool {
    name.hasPrefix(".") || patterns.contains { unsafe fnmatch($0, name, 0) == 0 }
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
