import Files
import Glibc
import SystemPackage

/// Folders whose names changed and aren't on the disk yet: many changes in one folder need one sync.
struct UnsyncedFolders {
  private var folders: [FilePath: OpenFolder] = [:]

  mutating func add(_ folder: OpenFolder) { folders[folder.path] = folder }

  mutating func add(_ path: FilePath) throws(WriteFailure) {
    guard folders[path] == nil else { return }
    guard let folder = OpenFolder(path) else {
      throw WriteFailure(path: path.text, action: "open", code: errno)
    }
    add(folder)
  }

  mutating func sync() throws(WriteFailure) {
    for (path, folder) in folders {
      let code = folder.sync()
      guard code == 0 else { throw WriteFailure(path: path.text, action: "sync", code: code) }
    }
    folders = [:]
  }
}
