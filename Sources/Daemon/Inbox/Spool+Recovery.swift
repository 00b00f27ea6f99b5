package import Files
import FoundationEssentials
import Glibc
package import SystemPackage

extension Spool {
  /// Finishes what a crash interrupted, and returns all that this daemon took in and lies here, synced.
  package func recover() throws(WriteFailure) -> [SpooledFile] { try recover(of: own) }

  /// Other hosts that took files in.
  package nonisolated var otherHosts: [FilePath] {
    guard !own.isEmpty, let names = OpenFolder(root)?.names() else { return [] }
    return names.map { FilePath(root: nil, [$0]) }.filter { $0 != own }.sorted { $0.text < $1.text }
  }

  /// The same of what another host took in, which isn't there any more. Should it wake all the same, what it still moves
  /// is found the next time.
  package func recover(of host: FilePath) throws(WriteFailure) -> [SpooledFile] {
    var found: [SpooledFile] = []
    var listed: Set<FilePath> = []
    let walk = FolderWalk(root.pushing(host), .inbox())
    if let problem = walk.problems.first {
      // It has taken nothing in yet, or went home with all that it had.
      if root.pushing(host).status(followingLink: false) == nil, errno == ENOENT { return [] }
      throw WriteFailure(path: root.pushing(host).pushing(problem.path).text, message: problem.message)
    }
    // What comes over the network meanwhile is seen to by who takes it.
    let others = Set(walk.folders.map(host.pushing).filter(remaining.isBeingTaken))
    let present = Set(walk.files.map { host.pushing($0.path) })
    guard let inbox = OpenFolder(inbox) else {
      throw WriteFailure(path: inbox.text, action: "open", code: errno)
    }
    let crossing = SpoolCrossing(in: inbox)
    for folder in walk.folders.filter({ $0.components.count == 1 }).map(host.pushing)
    where !others.contains(folder) {
      let list = root.pushing(folder).appending(SpoolBatch.listName)
      let batch = SpoolBatch(folder, list: try Self.text(of: list))
      let files = try files(of: batch, present, crossing, inbox)
      listed.formUnion(batch.files.map(\.name) + [folder.appending(SpoolBatch.listName)])
      remaining.set(files.count, in: folder)
      found += files
      if files.isEmpty { dissolve(folder) }
    }
    strangers = present.filter { file in
      !listed.contains(file) && !others.contains { file.starts(with: $0) }
    }.sorted { $0.text < $1.text }
    try crossing.putBackAll(of: host)
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

  /// The files of a batch that lie here, in its order; those that wait on their way are carried on. A crash may have
  /// come before what was moved was synced, and no row may be written for what isn't.
  private func files(
    of batch: SpoolBatch, _ present: Set<FilePath>, _ crossing: SpoolCrossing, _ inbox: OpenFolder
  ) throws(WriteFailure) -> [SpooledFile] {
    var here = Set(batch.files.filter { present.contains($0.name) })
    guard let folder = OpenFolder(root.pushing(batch.folder)) else {
      throw WriteFailure(path: root.pushing(batch.folder).text, action: "open", code: errno)
    }
    try SyncedFiles.sync(batch.files.filter(here.contains).compactMap(\.name.lastComponent), in: folder)
    var waiting: [(Move.Place, SpooledFile)] = []
    for file in batch.files {
      guard let place = crossing.waiting(file) else { continue }
      guard here.contains(file) else {
        waiting.append((place, file))
        continue
      }
      // A writer may have gone on in it since it was copied; then it is a file of its own.
      var writers = OpenWriters()
      let held = FilePath(place.folder.heldPath).appending(place.name)
      if self.place(of: file).hasSameContents(as: held), !writers.contain(place.name, in: place.folder) {
        _ = place.folder.remove(place.name)
      } else {
        try Move.back(place, to: file.sender, in: inbox)
      }
    }
    if !waiting.isEmpty {
      var taking = try SpoolTaking(self.inbox, into: root.pushing(batch.folder), fault)
      for case .taken(let file) in try taking.carryOn(waiting) { here.insert(file) }
    }
    return batch.files.filter(here.contains)
  }
}
