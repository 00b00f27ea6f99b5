package import SystemPackage

/// Which folder each watch of the kernel is for. Pure. What concerns one folder, or one and those under it, costs no
/// more than there are of them.
package struct WatchedFolders: Sendable {
  private var folders: [Int32: FilePath] = [:]
  private var watches: [FilePath: Int32] = [:]
  private var children: [FilePath: Set<FilePath>] = [:]

  package init() {}

  package var count: Int { folders.count }

  package subscript(watch: Int32) -> FilePath? { folders[watch] }

  /// A folder that was moved has its old watch under a new name.
  package mutating func add(_ folder: FilePath, _ watch: Int32) {
    if let old = folders[watch], old != folder { remove(watch) }
    if let old = watches[folder], old != watch { folders[old] = nil }
    folders[watch] = folder
    watches[folder] = watch
    if !folder.isEmpty { children[folder.removingLastComponent(), default: []].insert(folder) }
  }

  /// The watch is over.
  package mutating func remove(_ watch: Int32) {
    guard let folder = folders.removeValue(forKey: watch) else { return }
    guard watches[folder] == watch else { return }
    watches[folder] = nil
    detach(folder)
  }

  /// Forgets a folder and all under it; returns their watches.
  package mutating func removeAll(under folder: FilePath) -> [Int32] {
    var found: [Int32] = []
    var pending = [folder]
    while let next = pending.popLast() {
      pending += children.removeValue(forKey: next) ?? []
      if let watch = watches.removeValue(forKey: next) {
        folders[watch] = nil
        found.append(watch)
      }
    }
    detach(folder)
    return found
  }

  private mutating func detach(_ folder: FilePath) {
    guard !folder.isEmpty else { return }
    let parent = folder.removingLastComponent()
    children[parent]?.remove(folder)
    if children[parent]?.isEmpty == true { children[parent] = nil }
  }
}
