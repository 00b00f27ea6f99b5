package import Files
import FoundationEssentials
import Glibc
package import SystemPackage

/// Where files lie from the moment they are taken out of the inbox until they are in their homes. What lies here is
/// ours alone: no sender can change or replace it.
package actor Spool {
  /// What became of a file of the inbox.
  package enum Outcome: Sendable {
    /// It lies in the spool now.
    case taken(SpooledFile)
    /// Its folder isn't ours to change: a copy lies in the spool, and the file stays.
    case copied(SpooledFile, InboxFile)
    /// It went away, changed or is written again; it isn't in the spool.
    case notNow(InboxFile)
    /// It can neither be moved nor read: for want of rights, or for the reason that the system gives.
    case refused(InboxFile, WriteFailure? = nil)
  }

  private let root: FilePath
  private let inbox: FilePath
  /// How many files each batch still has.
  private var remaining: [FilePath: Int] = [:]
  /// What lies here and stands in no list, as the last ``recover()`` found it; it is left alone.
  package private(set) var strangers: [FilePath] = []

  /// Moves a file out of its folder; 0 or errno.
  private let rename: @Sendable (FilePath, FilePath) -> Int32

  package init(
    _ folders: InboxFolders,
    rename: @escaping @Sendable (FilePath, FilePath) -> Int32 = { Move.rename($0, $1) }
  ) {
    self.rename = rename
    root = FilePath(of: folders.spool)
    inbox = FilePath(of: folders.inbox)
  }

  /// Where files of the inbox wait that lies on another file system than the spool, while they are copied: under a
  /// hidden name they can't be mistaken for one that comes after them.
  private var crossing: FilePath { inbox.appending(".mmdicom.taken") }

  /// The place of a file.
  package nonisolated func place(of file: SpooledFile) -> FilePath { root.pushing(file.name) }

  // MARK: Start

  /// Finishes what a crash interrupted, and returns all that lies here.
  package func recover() throws(WriteFailure) -> [SpooledFile] {
    var found: [SpooledFile] = []
    var listed: Set<FilePath> = []
    let walk = FolderWalk(root, .inbox())
    if let problem = walk.problems.first {
      throw WriteFailure(path: root.pushing(problem.path).text, message: problem.message)
    }
    for folder in walk.folders where folder.components.count == 1 {
      let batch = SpoolBatch(
        folder, list: try Self.text(of: root.pushing(folder).appending(SpoolBatch.listName)))
      var files: [SpooledFile] = []
      for file in batch.files where try isHere(file) { files.append(file) }
      listed.formUnion(batch.files.map(\.name) + [folder.appending(SpoolBatch.listName)])
      remaining[folder] = files.count
      found += files
      if files.isEmpty { dissolve(folder) }
    }
    strangers = walk.files.map(\.path).filter { !listed.contains($0) }
    try putBackCrossing()
    return found
  }

  /// A list that is there and can't be read throws: taken for an empty one it would hide the files of its batch.
  /// Without a list nothing was moved yet.
  private static func text(of list: FilePath) throws(WriteFailure) -> String {
    guard list.status(followingLink: false) != nil || errno != ENOENT else { return "" }
    let opened = OpenedFile(list)
    defer { extendLifetime(opened) }
    do { return try String(contentsOf: opened.url, encoding: .utf8) } catch {
      throw WriteFailure(path: list.text, message: "can't read the names of the files beside it")
    }
  }

  private func isHere(_ file: SpooledFile) throws(WriteFailure) -> Bool {
    let waiting = crossing.pushing(Self.crossingName(of: file))
    let isCopied = place(of: file).status(followingLink: false) != nil
    guard hasCrossing, let status = waiting.status(followingLink: false) else { return isCopied }
    guard isCopied else {
      do throws(WriteFailure) {
        return try carryAcross(waiting, to: file, InboxFile(path: file.sender, stamp: FileStamp(status)))
      } catch {
        // One file is no reason not to start.
        guard isFault(error, of: waiting, not: place(of: file).removingLastComponent()) else { throw error }
        try Move.back(waiting, to: file.sender, in: inbox)
        return false
      }
    }
    // A writer may have gone on in it since it was copied; then it is a file of its own.
    var writers = OpenWriters()
    if place(of: file).hasSameContents(as: waiting), !writers.contain(waiting) {
      _ = Move.remove(waiting)
    } else {
      try Move.back(waiting, to: file.sender, in: inbox)
    }
    return true
  }

  /// Whether the folder that files cross in is there and ours. Senders may write to the inbox: a link of that name would
  /// have us move what it leads to, and in a folder of their own they could change what we took. On mounts that give
  /// every file one owner, it is the inbox's.
  private var hasCrossing: Bool {
    guard let status = crossing.status(followingLink: false), status.st_mode & S_IFMT == S_IFDIR else {
      return false
    }
    return status.st_uid == geteuid() || status.st_uid == inbox.status(followingLink: true)?.st_uid
  }

  /// What no list knows: the spool was lost. It goes back into the inbox under the name that it has.
  private func putBackCrossing() throws(WriteFailure) {
    guard hasCrossing else { return }
    var options = FolderWalk.Options.inbox()
    options.includesHidden = true
    for entry in FolderWalk(crossing, options).files where entry.path.components.count == 1 {
      _ = try Move.file(from: crossing.pushing(entry.path), to: inbox.pushing(entry.path))
    }
    _ = unsafe crossing.withPlatformString { unsafe rmdir($0) }
  }

  // MARK: In

  /// Takes files, synced when this returns. A crash at any point leaves each either in the inbox or here.
  package func take(_ files: [InboxFile]) throws(WriteFailure) -> [Outcome] {
    guard !files.isEmpty else { return [] }
    let batch = SpoolBatch(of: files.map(\.path))
    let folder = root.pushing(batch.folder)
    try Folder.create(folder)
    remaining[batch.folder] = 0
    do throws(WriteFailure) {
      try DurableFile.write(batch.list, to: URL(filePath: folder.appending(SpoolBatch.listName).string))
      try Folder.sync(holding: folder)
      var outcomes: [Outcome] = []
      for (file, spooled) in zip(files, batch.files) {
        let outcome = try take(file, as: spooled)
        switch outcome {
        case .taken, .copied: remaining[batch.folder, default: 0] += 1
        case .notNow, .refused: break
        }
        outcomes.append(outcome)
      }
      try Folder.sync(holding: folder.appending(SpoolBatch.listName))
      for parent in Set(files.map { inbox.pushing($0.path).removingLastComponent() }) {
        // A sender's folder may be gone again. What a power cut brings back there is known by its content.
        try? Folder.sync(holding: parent.appending("x"))
      }
      if remaining[batch.folder] == 0 { dissolve(batch.folder) }
      return outcomes
    } catch {
      // What was taken stays; what lies here is found again.
      if remaining[batch.folder] == 0 { dissolve(batch.folder) }
      throw error
    }
  }

  private func take(_ file: InboxFile, as spooled: SpooledFile) throws(WriteFailure) -> Outcome {
    let source = inbox.pushing(file.path)
    let place = place(of: spooled)
    guard FolderWalk.entry(file.path, in: inbox)?.stamp == file.stamp else { return .notNow(file) }
    guard FolderRights.canMove(source) else { return try copy(file, as: spooled) }
    let code = rename(source, place)
    switch code {
    case 0: break
    case ENOENT: return .notNow(file)
    case EXDEV: return try takeAcross(file, as: spooled)
    case EACCES, EPERM: return try copy(file, as: spooled)
    default:
      let failure = WriteFailure(path: source.text, action: "move into the spool", code: code)
      return try outcome(of: failure, for: file, at: source, into: place)
    }
    guard isStill(file, at: place) else {
      try Move.back(place, to: file.path, in: inbox)
      return .notNow(file)
    }
    try sync(place)
    return .taken(spooled)
  }

  /// Whether a failure is of the file at `source` alone, and not of the folder that it goes into or of all files.
  private func isFault(_ failure: WriteFailure, of source: FilePath, not folder: FilePath) -> Bool {
    guard failure.path == source.text, FolderRights.may(W_OK | X_OK, folder.appending(".")) else {
      return false
    }
    return ![ENOSPC, EDQUOT, EROFS, ENOMEM, EMFILE, ENFILE].contains(failure.code ?? 0)
  }

  /// What a failure means for a file that is at fault itself: the others don't wait for it.
  /// - Throws: the failure, where it is another's.
  private func outcome(
    of failure: WriteFailure, for file: InboxFile, at source: FilePath, into place: FilePath
  ) throws(WriteFailure) -> Outcome {
    guard isFault(failure, of: source, not: place.removingLastComponent()) else { throw failure }
    // It changed while it was copied, or went away.
    guard let code = failure.code, code != ENOENT else { return .notNow(file) }
    return .refused(file, failure)
  }

  /// Whether what was moved is what was seen, and nobody writes to it again.
  private func isStill(_ file: InboxFile, at place: FilePath) -> Bool {
    var writers = OpenWriters()
    guard let status = place.status(followingLink: false), status.st_mode & S_IFMT == S_IFREG else {
      return false
    }
    return FileStamp(status) == file.stamp && !writers.contain(place)
  }

  /// Out of the senders' sight first, in one step; then copied.
  private func takeAcross(_ file: InboxFile, as spooled: SpooledFile) throws(WriteFailure) -> Outcome {
    // A link there is nothing of ours; without it there is room.
    if crossing.status(followingLink: false).map({ $0.st_mode & S_IFMT }) == S_IFLNK {
      _ = Move.remove(crossing)
    }
    try Folder.create(crossing)
    guard hasCrossing else {
      throw WriteFailure(
        path: crossing.text, message: "is needed to take files, and isn't the daemon's own folder")
    }
    let waiting = crossing.pushing(Self.crossingName(of: spooled))
    let source = inbox.pushing(file.path)
    let code = rename(source, waiting)
    switch code {
    case 0: break
    case ENOENT: return .notNow(file)
    case EACCES, EPERM: return try copy(file, as: spooled)
    default:
      let failure = WriteFailure(path: source.text, action: "move out of its folder", code: code)
      return try outcome(of: failure, for: file, at: source, into: waiting)
    }
    do throws(WriteFailure) {
      guard isStill(file, at: waiting) else {
        try Move.back(waiting, to: file.path, in: inbox)
        return .notNow(file)
      }
      return try carryAcross(waiting, to: spooled, file) ? .taken(spooled) : .notNow(file)
    } catch {
      try Move.back(waiting, to: file.path, in: inbox)
      return try outcome(of: error, for: file, at: waiting, into: place(of: spooled))
    }
  }

  /// Copies, looks again, and only then removes: a writer that stood still while the file settled may have opened it
  /// again meanwhile. What isn't any more what was seen goes back.
  /// - Returns: whether it lies in the spool.
  private func carryAcross(
    _ waiting: FilePath, to spooled: SpooledFile, _ file: InboxFile
  ) throws(WriteFailure) -> Bool {
    try copy(waiting, to: place(of: spooled))
    guard isStill(file, at: waiting) else {
      _ = Move.remove(place(of: spooled))
      try Move.back(waiting, to: file.path, in: inbox)
      return false
    }
    _ = Move.remove(waiting)
    return true
  }

  private static func crossingName(of file: SpooledFile) -> FilePath {
    FilePath(bytes: file.name.bytes.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 })
  }

  private func copy(_ file: InboxFile, as spooled: SpooledFile) throws(WriteFailure) -> Outcome {
    let source = inbox.pushing(file.path)
    guard FolderRights.may(R_OK, source) else { return .refused(file) }
    do throws(WriteFailure) { try copy(source, to: place(of: spooled)) } catch {
      return try outcome(of: error, for: file, at: source, into: place(of: spooled))
    }
    guard isStill(file, at: source) else {
      _ = Move.remove(place(of: spooled))
      return .notNow(file)
    }
    return .copied(spooled, file)
  }

  /// Under a hidden name first: what has its own name here is whole.
  private func copy(_ source: FilePath, to place: FilePath) throws(WriteFailure) {
    let draft = place.removingLastComponent().pushing(
      FilePath(bytes: Array(".part-".utf8) + (place.lastComponent?.bytes ?? []).prefix(200)))
    do throws(WriteFailure) {
      try Move.copy(from: source, to: draft)
      let code = Move.rename(draft, place)
      guard code == 0 else { throw WriteFailure(path: place.text, action: "rename into place", code: code) }
    } catch {
      _ = Move.remove(draft)
      throw error
    }
    try Folder.sync(holding: place)
  }

  private func sync(_ place: FilePath) throws(WriteFailure) {
    let descriptor = unsafe place.withPlatformString { unsafe open($0, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) }
    // Somebody else's file that can't be read: the worker will say so.
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw WriteFailure(path: place.text, action: "sync", code: errno) }
  }

  // MARK: Out

  /// Removes a file that isn't needed: its like is in its home.
  package func remove(_ file: SpooledFile) throws(WriteFailure) {
    let code = Move.remove(place(of: file))
    guard code == 0 else { throw WriteFailure(path: place(of: file).text, action: "remove", code: code) }
    left(file)
  }

  /// Notes that a file is in its home.
  package func left(_ file: SpooledFile) {
    let folder = file.name.removingLastComponent()
    let count = (remaining[folder] ?? 1) - 1
    remaining[folder] = count
    if count <= 0 { dissolve(folder) }
  }

  private func dissolve(_ folder: FilePath) {
    remaining[folder] = nil
    let place = root.pushing(folder)
    // Drafts are hidden, of copies and of the list itself.
    for entry in FolderWalk(place, .archive).files where entry.path.bytes.first == UInt8(ascii: ".") {
      _ = Move.remove(place.pushing(entry.path))
    }
    // The list goes last: a folder with other things in it keeps it.
    guard FolderWalk(place, .archive).files.allSatisfy({ $0.path.lastComponent == SpoolBatch.listName })
    else {
      return
    }
    _ = Move.remove(place.appending(SpoolBatch.listName))
    _ = unsafe place.withPlatformString { unsafe rmdir($0) }
  }
}
