import Files
import Glibc
import SystemPackage

/// A batch of files on its way from the inbox into a folder of the spool.
///
/// Each step is done for all files before the next begins: out of the senders' sight, a look whether each is still what
/// was seen, one sync for all, and only then what can't be undone. A failure of the spool ends the whole; what has been
/// moved by then is found again by its list.
struct SpoolTaking {
  /// How a file gets into the spool.
  private enum Way {
    /// It was renamed into it.
    case moved
    /// It was renamed to where files of another file system, and those with other names, wait, and is copied from there.
    case crossing(Move.Place)
    /// It stays where it is, and is copied.
    case copying
  }

  private struct Item {
    let file: InboxFile
    let spooled: SpooledFile
    var way: Way?
    var outcome: Spool.Outcome?
  }

  private var senders: SenderFolders
  private let folder: OpenFolder
  private let fault: @Sendable (FilePath, FilePath) -> Int32
  private var crossing: SpoolCrossing
  private var items: [Item] = []

  init(
    _ inbox: FilePath, into path: FilePath, _ fault: @escaping @Sendable (FilePath, FilePath) -> Int32
  ) throws(WriteFailure) {
    senders = try SenderFolders(inbox)
    guard let folder = OpenFolder(path) else {
      throw WriteFailure(path: path.text, action: "open", code: errno)
    }
    self.folder = folder
    self.fault = fault
    crossing = SpoolCrossing(in: senders.inbox)
  }

  /// How many files lie in the spool for it.
  var count: Int { items.count { $0.way != nil } }

  /// Takes files out of the inbox.
  mutating func take(_ files: [(InboxFile, SpooledFile)]) throws(WriteFailure) -> [Spool.Outcome] {
    items = files.map { Item(file: $0, spooled: $1) }
    do throws(WriteFailure) {
      for index in items.indices { try begin(index) }
      return try finish()
    } catch {
      putBack()
      throw error
    }
  }

  /// Carries files on that wait on their way from another file system: those of a batch that a crash cut off.
  mutating func carryOn(_ waiting: [(Move.Place, SpooledFile)]) throws(WriteFailure) -> [Spool.Outcome] {
    items = waiting.map { place, spooled in
      let stamp = place.status.map { FileStamp($0) } ?? FileStamp(size: -1, modified: 0, inode: 0)
      let file = InboxFile(path: spooled.sender, stamp: stamp)
      return Item(file: file, spooled: spooled, way: .crossing(place))
    }
    return try finish()
  }

  // MARK: Steps

  private func place(_ item: Item) -> Move.Place {
    Move.Place(folder, item.spooled.name.lastComponent ?? "unnamed")
  }

  /// A hidden name: what has its own name in the spool is whole.
  private func draft(_ item: Item) -> Move.Place {
    let bytes = Array(".part-".utf8) + place(item).name.bytes.prefix(200)
    return Move.Place(folder, FilePath.Component(bytes: bytes) ?? ".part")
  }

  /// Out of the sender's sight, in one step; or, where that isn't allowed, not.
  private mutating func begin(_ index: Int) throws(WriteFailure) {
    let item = items[index]
    guard let source = senders.place(item.file.path), source.isFile(like: item.file.stamp) else {
      return leave(index, .notNow(item.file))
    }
    guard source.canBeMoved else {
      items[index].way = .copying
      return
    }
    if source.hasOtherNames {
      do throws(WriteFailure) { try cross(index, source) } catch { items[index].way = .copying }
      return
    }
    let code = move(source, to: place(item))
    switch code {
    case 0: items[index].way = .moved
    case ENOENT: leave(index, .notNow(item.file))
    case EXDEV: try cross(index, source)
    case EACCES, EPERM: items[index].way = .copying
    default:
      let failure = WriteFailure(path: source.path.text, action: "move into the spool", code: code)
      leave(index, try outcome(of: failure, for: item.file, at: source))
    }
  }

  private mutating func cross(_ index: Int, _ source: Move.Place) throws(WriteFailure) {
    let item = items[index]
    let waiting = try crossing.place(of: item.spooled)
    let code = move(source, to: waiting)
    switch code {
    case 0: items[index].way = .crossing(waiting)
    case ENOENT: leave(index, .notNow(item.file))
    case EACCES, EPERM: items[index].way = .copying
    default:
      let failure = WriteFailure(path: source.path.text, action: "move out of its folder", code: code)
      leave(index, try outcome(of: failure, for: item.file, at: source))
    }
  }

  private func move(_ source: Move.Place, to place: Move.Place) -> Int32 {
    let code = fault(source.path, place.path)
    return code == 0 ? source.folder.rename(source.name, to: place.folder, place.name) : code
  }

  private mutating func leave(_ index: Int, _ outcome: Spool.Outcome) {
    items[index].way = nil
    items[index].outcome = outcome
  }

  /// From the moment that all are out of the senders' sight.
  private mutating func finish() throws(WriteFailure) -> [Spool.Outcome] {
    try look()
    try copy()
    let isCopied = items.contains { if case .moved? = $0.way { false } else { $0.way != nil } }
    try SyncedFiles.sync(items.filter { $0.way != nil }.map(syncedName), in: folder)
    if isCopied {
      try nameCopies()
      try removeOriginals()
      // What a power cut brings back there is known by its content.
      crossing.sync()
    }
    return items.map { item in
      switch item.way {
      case nil: item.outcome ?? .notNow(item.file)
      case .copying: .copied(item.spooled, item.file)
      case .moved, .crossing: .taken(item.spooled)
      }
    }
  }

  private func syncedName(_ item: Item) -> FilePath.Component {
    if case .moved? = item.way { place(item).name } else { draft(item).name }
  }

  /// Whether what was moved is what was seen, and nobody writes to it again.
  private mutating func look() throws(WriteFailure) {
    var writers = OpenWriters()
    for index in items.indices {
      let item = items[index]
      let here: Move.Place
      switch item.way {
      case .moved: here = place(item)
      case .crossing(let waiting): here = waiting
      case .copying, nil: continue
      }
      // One that got another name meanwhile is copied at the next look.
      let isLinked = if case .moved? = item.way { here.hasOtherNames } else { false }
      guard isLinked || !here.isStill(item.file, &writers) else { continue }
      try Move.back(here, to: item.file.path, in: senders.inbox)
      leave(index, .notNow(item.file))
    }
  }

  /// Copies what can't be moved into the spool itself.
  private mutating func copy() throws(WriteFailure) {
    for index in items.indices {
      let item = items[index]
      let source: Move.Place
      switch item.way {
      case .crossing(let waiting): source = waiting
      case .copying:
        guard let place = senders.place(item.file.path) else {
          leave(index, .notNow(item.file))
          continue
        }
        guard place.folder.may(R_OK, place.name) else {
          leave(index, .refused(item.file))
          continue
        }
        source = place
      case .moved, nil: continue
      }
      do throws(WriteFailure) { try Move.copy(from: source, to: draft(item), isSynced: false) } catch {
        _ = folder.remove(draft(item).name)
        let outcome = try outcome(of: error, for: item.file, at: source)
        if case .crossing = item.way { try Move.back(source, to: item.file.path, in: senders.inbox) }
        leave(index, outcome)
      }
    }
  }

  /// The copies are on the disk: now they get their names.
  private mutating func nameCopies() throws(WriteFailure) {
    for item in items {
      switch item.way {
      case .moved, nil: continue
      case .crossing, .copying:
        let code = folder.rename(draft(item).name, to: folder, place(item).name)
        guard code == 0 else {
          throw WriteFailure(path: place(item).path.text, action: "rename into place", code: code)
        }
      }
    }
    let code = folder.sync()
    guard code == 0 else { throw WriteFailure(path: folder.path.text, action: "sync", code: code) }
  }

  /// Looks again, and only then removes: a writer that stood still while the file settled may have opened it again
  /// meanwhile. What isn't any more what was seen goes back.
  private mutating func removeOriginals() throws(WriteFailure) {
    var writers = OpenWriters()
    for index in items.indices {
      let item = items[index]
      switch item.way {
      case .crossing(let waiting):
        guard waiting.isStill(item.file, &writers) else {
          _ = folder.remove(place(item).name)
          try Move.back(waiting, to: item.file.path, in: senders.inbox)
          leave(index, .notNow(item.file))
          continue
        }
        _ = waiting.folder.remove(waiting.name)
      case .copying:
        guard senders.place(item.file.path)?.isStill(item.file, &writers) != true else { continue }
        _ = folder.remove(place(item).name)
        leave(index, .notNow(item.file))
      case .moved, nil: continue
      }
    }
  }

  /// Whatever still waits elsewhere goes back to where it lay, as far as that is possible.
  private func putBack() {
    for item in items {
      guard case .crossing(let waiting)? = item.way, waiting.status != nil else { continue }
      // Its like in the spool would be found by the list.
      _ = folder.remove(draft(item).name)
      guard folder.status(place(item).name) == nil else { continue }
      _ = try? Move.back(waiting, to: item.file.path, in: senders.inbox)
    }
  }

  // MARK: Faults

  /// What a failure means for a file that is at fault itself: the others don't wait for it.
  /// - Throws: the failure, where it is another's.
  private func outcome(
    of failure: WriteFailure, for file: InboxFile, at source: Move.Place
  ) throws(WriteFailure) -> Spool.Outcome {
    guard isFault(failure, of: source) else { throw failure }
    // It changed while it was copied, or went away.
    guard let code = failure.code, code != ENOENT else { return .notNow(file) }
    return .refused(file, failure)
  }

  /// Whether a failure is of the file at `source` alone, and not of the folder that it goes into or of all files.
  private func isFault(_ failure: WriteFailure, of source: Move.Place) -> Bool {
    guard failure.path == source.path.text, folder.may(W_OK | X_OK) else { return false }
    return ![ENOSPC, EDQUOT, EROFS, ENOMEM, EMFILE, ENFILE].contains(failure.code ?? 0)
  }
}

extension Move.Place {
  /// Whether somebody has it under another name as well, and could change it wherever it goes.
  fileprivate var hasOtherNames: Bool { (status?.st_nlink ?? 1) > 1 }

  /// Whether it is still the file that was seen, and nobody writes to it.
  fileprivate func isStill(_ file: InboxFile, _ writers: inout OpenWriters) -> Bool {
    isFile(like: file.stamp) && !writers.contain(name, in: folder)
  }
}
