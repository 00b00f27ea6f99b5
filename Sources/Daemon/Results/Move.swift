package import Files
import Glibc
package import SystemPackage

/// Moves files without ever overwriting or losing one. Every step is taken relative to folders that are held open.
package enum Move {
  /// What became of a move.
  package enum Outcome: Sendable, Equatable {
    case moved
    /// Something lies at the destination already; nothing was changed.
    case destinationTaken
    /// There is nothing at the source.
    case sourceMissing
  }

  /// A name in a folder that is held open.
  package struct Place: Sendable {
    package let folder: OpenFolder
    package let name: FilePath.Component

    package init(_ folder: OpenFolder, _ name: FilePath.Component) {
      (self.folder, self.name) = (folder, name)
    }

    /// The place at a path of our own; nil, and `errno`, where its folder can't be opened.
    init?(_ path: FilePath) {
      guard let name = path.lastComponent, let folder = OpenFolder(path.removingLastComponent()) else {
        return nil
      }
      self.init(folder, name)
    }

    package var path: FilePath { folder.path.appending(name) }

    /// A hidden name beside it.
    fileprivate var draft: Place {
      let bytes = Array(".".utf8) + name.bytes + Array(".part".utf8)
      return Place(folder, FilePath.Component(bytes: bytes) ?? ".part")
    }
  }

  /// Renames `source` to `destination`, whose folder is made; across file systems it copies, syncs, renames and then
  /// removes.
  package static func file(from source: FilePath, to destination: FilePath) throws(WriteFailure) -> Outcome {
    var folders = UnsyncedFolders()
    let outcome = try file(from: source, to: destination, &folders)
    try folders.sync()
    return outcome
  }

  /// The same where the caller syncs the folders, those of many files at once.
  static func file(
    from source: FilePath, to destination: FilePath, _ folders: inout UnsyncedFolders
  ) throws(WriteFailure) -> Outcome {
    let folder = destination.removingLastComponent()
    _ = try Folder.createUnsynced(folder)
    // Also where it isn't new: the sync of an attempt before may have failed.
    try folders.add(folder.removingLastComponent())
    guard let from = Place(source) else {
      guard errno != ENOENT else { return .sourceMissing }
      throw WriteFailure(path: source.text, action: "move out of its folder", code: errno)
    }
    guard let to = Place(destination) else {
      throw WriteFailure(path: destination.text, action: "move there", code: errno)
    }
    return try file(from: from, to: to, &folders)
  }

  /// The same where both folders are open.
  package static func file(from source: Place, to destination: Place) throws(WriteFailure) -> Outcome {
    var folders = UnsyncedFolders()
    let outcome = try file(from: source, to: destination, &folders)
    try folders.sync()
    return outcome
  }

  private static func file(
    from source: Place, to destination: Place, _ folders: inout UnsyncedFolders
  ) throws(WriteFailure) -> Outcome {
    let code = renameWithoutReplacing(source, destination)
    switch code {
    case 0: break
    case EEXIST: return .destinationTaken
    case ENOENT: return .sourceMissing
    case EXDEV: return try copyAcross(from: source, to: destination, &folders)
    default: throw WriteFailure(path: source.path.text, action: "move out of its folder", code: code)
    }
    folders.add(destination.folder)
    folders.add(source.folder)
    return .moved
  }

  /// Gives a file its final name; what was at the destination is replaced. Across file systems it is copied to a hidden
  /// name there first.
  static func replacing(_ source: FilePath, _ destination: FilePath) throws(WriteFailure) {
    var folders = UnsyncedFolders()
    try replacing(source, destination, &folders)
    try folders.sync()
  }

  /// The same where the caller syncs the folder.
  static func replacing(
    _ source: FilePath, _ destination: FilePath, _ folders: inout UnsyncedFolders
  ) throws(WriteFailure) {
    try replacing([source], [destination], &folders)
  }

  /// The same of several files of one folder that all go into another.
  static func replacing(
    _ sources: [FilePath], _ destinations: [FilePath], _ folders: inout UnsyncedFolders
  ) throws(WriteFailure) {
    guard let source = sources.first, let destination = destinations.first else { return }
    guard let from = Place(source), let to = Place(destination) else {
      throw WriteFailure(path: destination.text, action: "rename into place", code: errno)
    }
    for (source, destination) in zip(sources, destinations) {
      guard let name = source.lastComponent, let newName = destination.lastComponent else { continue }
      try replacing(Place(from.folder, name), Place(to.folder, newName))
    }
    folders.add(to.folder)
  }

  private static func replacing(_ from: Place, _ to: Place) throws(WriteFailure) {
    var code = from.folder.rename(from.name, to: to.folder, to.name)
    if code == EXDEV {
      let draft = to.draft
      try copy(from: from, to: draft)
      code = draft.folder.rename(draft.name, to: to.folder, to.name)
      _ = code == 0 ? from.folder.remove(from.name) : draft.folder.remove(draft.name)
    }
    guard code == 0 else {
      throw WriteFailure(path: to.path.text, action: "rename into place", code: code)
    }
  }

  /// 0 or errno. A second name first and then the first one gone: unlike a look before a rename, link(2) says in the same
  /// step that something lies there. Where there are no second names (FAT, some mounts, files of others), look and
  /// rename: the folders are locked, so that no other process of ours can come between.
  private static func renameWithoutReplacing(_ source: Place, _ destination: Place) -> Int32 {
    let code = source.folder.link(source.name, to: destination.folder, destination.name)
    switch code {
    case 0:
      let code = source.folder.remove(source.name)
      if code != 0 { _ = destination.folder.remove(destination.name) }
      return code
    case EPERM, ENOTSUP, ENOSYS, EMLINK:
      if destination.folder.status(destination.name) != nil { return EEXIST }
      return source.folder.rename(source.name, to: destination.folder, destination.name)
    default: return code
    }
  }

  /// That nothing is there is as good.
  /// - Parameter action: what it is called where it fails.
  package static func remove(_ file: FilePath, action: String = "remove") throws(WriteFailure) {
    let code = unsafe file.withPlatformString { unsafe unlink($0) == 0 ? 0 : errno }
    guard [0, ENOENT].contains(code) else { throw WriteFailure(path: file.text, action: action, code: code) }
  }

  private static func copyAcross(
    from source: Place, to destination: Place, _ folders: inout UnsyncedFolders
  ) throws(WriteFailure) -> Outcome {
    guard destination.folder.status(destination.name) == nil else { return .destinationTaken }
    let draft = destination.draft
    try copy(from: source, to: draft)
    let code = renameWithoutReplacing(draft, destination)
    guard code == 0 else {
      _ = draft.folder.remove(draft.name)
      if code == EEXIST { return .destinationTaken }
      throw WriteFailure(path: destination.path.text, action: "rename into place", code: code)
    }
    // With it the folder that holds its own folder's name: nothing but the copy is left when the source is gone.
    folders.add(destination.folder)
    try folders.sync()
    let removal = source.folder.remove(source.name)
    guard removal == 0 else {
      throw WriteFailure(path: source.path.text, action: "remove after copying", code: removal)
    }
    return .moved
  }
}
