import FoundationEssentials
internal import Tensors

/// The headers of all files of a tree: those of unchanged files from the last scan, the others read now.
struct ArchiveScan {
  /// One for each file, sorted by path.
  private(set) var records: [FileRecord] = []
  private(set) var problems: [ArchiveProblem] = []
  private(set) var headersRead = 0

  private let tree: ArchiveTree
  private let root: URL
  private let saved: URL?
  private let known: [String: FileRecord]

  init(tree: ArchiveTree, root: URL, saved: URL?) {
    self.tree = tree
    self.root = root
    self.saved = saved
    known = saved.map(SavedRecords.records(at:)) ?? [:]
  }

  mutating func readHeaders(threads: Int, progress: (Int, Int) -> Void) {
    var found: [FileRecord?] = []
    var toRead: [Int] = []
    for (index, file) in tree.files.enumerated() {
      let record = known[file.path].flatMap { Self.isReusable($0, for: file) ? $0 : nil }
      if record == nil { toRead.append(index) }
      found.append(record)
    }
    headersRead = toRead.count
    let changed = toRead.map { tree.files[$0] }
    let root = root
    var done = tree.files.count - changed.count
    progress(done, tree.files.count)
    concurrentMap(
      count: changed.count, threads: threads, chunk: 128,
      transform: { FileRecord(reading: changed[$0], root: root) },
      chunkDone: { range, read in
        for (index, record) in zip(range, read) { found[toRead[index]] = record }
        done += range.count
        progress(done, tree.files.count)
      })
    records = found.compactMap { $0 }
    for record in records {
      guard case .unreadable(let message) = record.content else { continue }
      problems.append(ArchiveProblem(.unreadableFile, path: record.path, message: message))
    }
  }

  /// What couldn't be read is tried again: its rights may have changed without its time.
  private static func isReusable(_ record: FileRecord, for file: ArchiveTree.File) -> Bool {
    if case .unreadable = record.content { return false }
    return record.matches(file)
  }

  /// Keeps the records for the next scan, if there's anything new.
  mutating func save() {
    guard let saved, headersRead > 0 || known.count != records.count else { return }
    do { try SavedRecords.write(records, to: saved) } catch {
      let message = "index can't be saved here; the next run reads all headers again"
      problems.append(ArchiveProblem(.notSaved, path: saved.path, message: message))
    }
  }
}
