package import Analysis
package import Files
package import FoundationEssentials
import Glibc
package import Ledger
package import SystemPackage

/// Gives results their final names.
package struct ResultDesk: Sendable {
  private let folders: InboxFolders

  package init(_ folders: InboxFolders) { self.folders = folders }

  /// Where the worker writes the results of a row; it makes the folder. One worker may still write for a lease that is
  /// lost while another reads the same row anew.
  package func staging(_ id: Int64, token: Int64) -> URL {
    folders.staging.appending(path: "\(token)-\(id)")
  }

  /// Clears away what was staged by a run before.
  package func clear() throws(WriteFailure) {
    try? FileManager.default.removeItem(at: folders.staging)
    try Folder.create(folders.staging)
  }

  /// Removes a row's staging folder, which is empty as a rule.
  package func clear(_ staging: URL) {
    guard unsafe rmdir(staging.path) != 0, errno != ENOENT else { return }
    try? FileManager.default.removeItem(at: staging)
  }

  /// Where the results of a row go, looked up before anything is moved.
  struct Plan {
    /// Its `outputs` are relative to the outbox.
    let row: ReportRow
    /// The study's folder; nil where there are no results.
    fileprivate let study: FilePath?
    fileprivate let staged: [FilePath]
    fileprivate let digests: [ContentDigest]
    /// Below the outbox.
    let paths: [FilePath]
    fileprivate let replaced: Set<FilePath>
    fileprivate let begun: Set<PublicationIntent.Result>
    fileprivate let objects: [ReplacedResult]
    let intent: PublicationIntent
    fileprivate let fence: PublicationFence?

    /// - Throws: ``LedgerError/leaseLost(token:)`` where another may have taken the row's file over.
    func checkFence() throws(LedgerError) { try fence?.check(hasResults: study != nil) }

    /// What is to be noted before any of it gets its name; nil where there is nothing.
    var noted: Set<PublicationIntent.Result>? {
      study == nil ? nil : Set(zip(paths, digests).map { .init(path: $0, content: $1) })
    }
  }

  /// Finds the places of a row's results. May be done again: the results of one row always have the same names, and what
  /// an attempt that was cut off left is replaced.
  /// - Parameters:
  ///   - row: its `outputs` are names in `staging`, on the disk.
  ///   - copy: 2 for the second image with the same SOP Instance UID, 3 for the third ...
  ///   - replaced: paths below the outbox of results that these take the place of; what lies there is kept elsewhere.
  ///   - intent: of the row's file; it is for others to forget it, when the ledger has the results.
  ///   - begun: what attempts that were cut off noted of it.
  ///   - objects: how others refer to the results.
  ///   - taken: paths below the outbox of results that are published with these.
  ///   - fence: keeps out whose lease is over; nil where nobody else could have it.
  /// - Throws: ``DeliveryFault`` when the names of this row are at fault, ``WriteFailure`` otherwise.
  func plan(
    _ row: ReportRow, from staging: URL, copy: Int, replacing replaced: Set<FilePath>,
    intent: PublicationIntent, begun: Set<PublicationIntent.Result>, objects: [ReplacedResult],
    besides taken: Set<FilePath> = [], fence: PublicationFence? = nil
  ) throws -> Plan {
    guard !row.outputs.isEmpty else {
      return Plan(
        row: row, study: nil, staged: [], digests: [], paths: [], replaced: replaced, begun: begun,
        objects: [], intent: intent, fence: fence)
    }
    let outbox = FilePath(of: folders.outbox)
    let wanted = ResultFiles.studyFolder(for: row.identity.studyInstanceUID)
    let study = try DestinationPath(look: DestinationPath.look).folder(
      FilePath.Component(bytes: Array(wanted.utf8)) ?? "unknown-study", in: outbox)
    let staged = row.outputs.map { FilePath(of: staging).appending($0) }
    let digests = try staged.map { file throws(WriteFailure) in try Self.digest(of: file) }
    var final = row
    var number = copy
    var replaced = replaced
    while true {
      final = row
      final.note(copy: number)
      let places = final.outputs.map { study.appending($0) }
      // Seldom asked: nothing lies there as a rule.
      lazy var isThisResult = places.contains { Self.isWriting(of: objects, at: $0) }
      var earlier: Set<FilePath> = []
      if let first = places.first, let fault = DeliveryFault(result: first, outbox: outbox) { throw fault }
      let isFree = try zip(places, digests).allSatisfy { place, digest in
        let path = FilePath(root: nil, place.components.suffix(2))
        switch try DestinationPath.look(place) {
        case .folder: throw DeliveryFault.folderInTheWay
        case .nothing: return !taken.contains(path)
        case .other: break
        }
        guard !taken.contains(path) else { return false }
        guard !replaced.contains(path) else { return true }
        guard let there = ContentDigest(ofFileAt: place) else { return false }
        // A result that was renamed before a crash is the same bytes, or was noted.
        if there == digest || begun.contains(.init(path: path, content: there)) { return true }
        // An earlier writing of the same object, of which the ledger doesn't know: no two files may have its UID.
        guard isThisResult, Self.isWriting(of: objects, at: place) || !Self.isObject(place) else {
          return false
        }
        earlier.insert(path)
        return true
      }
      if isFree {
        replaced.formUnion(earlier)
        break
      }
      number += 1
    }
    let folder = study.lastComponent?.string ?? wanted
    final.outputs = final.outputs.map { "\(folder)/\($0)" }
    return Plan(
      row: final, study: study, staged: staged, digests: digests, paths: final.outputs.map { FilePath($0) },
      replaced: replaced, begun: begun, objects: objects, intent: intent, fence: fence)
  }

  /// Renames results to where the plan has them; what it notes is noted by then.
  /// - Parameter unsynced: gets the folders that are to be synced.
  /// - Throws: ``LedgerError/leaseLost(token:)`` where the fence keeps them out, and ``WriteFailure``.
  func place(_ plan: Plan, _ unsynced: inout UnsyncedFolders) throws -> [Completion.Result] {
    let superseded = SupersededResults(folders)
    guard let study = plan.study else {
      try plan.checkFence()
      try remove(plan.begun, except: plan.replaced)
      for path in plan.replaced { try superseded.keep(path) }
      return []
    }
    let outbox = FilePath(of: folders.outbox)
    _ = try Folder.createUnsynced(study)
    // Also where it isn't new: the sync of an attempt before may have failed.
    try unsynced.add(outbox)
    for path in plan.replaced {
      let new = zip(plan.paths, plan.digests).first { $0.0 == path }?.1
      // What is the same bytes stays; what an attempt of this file left there is nobody's result.
      guard let there = ContentDigest(ofFileAt: outbox.pushing(path)), there != new,
        !plan.begun.contains(.init(path: path, content: there))
      else { continue }
      try plan.checkFence()
      try superseded.keep(path, there)
    }
    do throws(WriteFailure) {
      try Move.replacing(
        plan.staged, zip(plan.staged, plan.paths).map { outbox.pushing($1) }, &unsynced)
    } catch {
      // Whoever took the file over has removed what was staged for it.
      try plan.checkFence()
      throw error
    }
    try plan.checkFence()
    try remove(plan.begun, except: plan.replaced.union(plan.paths))
    return zip(plan.row.outputs, plan.digests).map { path, digest in
      let kind = ResultFiles.kind(of: path)
      return result(at: path, kind, digest, plan.objects.first { $0.kind == kind })
    }
  }

  /// Publishes the results of one row, synced when this returns; see
  /// ``plan(_:from:copy:replacing:intent:begun:objects:besides:fence:)``.
  /// - Parameter row: its `outputs` come back relative to the outbox.
  package func publish(
    _ row: inout ReportRow, from staging: URL, copy: Int, replacing replaced: Set<FilePath>,
    intent: PublicationIntent, objects: [ReplacedResult] = [], fence: PublicationFence? = nil
  ) throws -> [Completion.Result] {
    let plan = try plan(
      row, from: staging, copy: copy, replacing: replaced, intent: intent, begun: intent.results,
      objects: objects, fence: fence)
    try plan.checkFence()
    try PublicationIntent.note([plan].compactMap { plan in plan.noted.map { (plan.intent, $0) } })
    var unsynced = UnsyncedFolders()
    let published = try place(plan, &unsynced)
    try unsynced.sync()
    row = plan.row
    return published
  }

  /// Takes back what an attempt that was cut off put into place.
  private func remove(
    _ results: Set<PublicationIntent.Result>, except kept: Set<FilePath>
  ) throws(WriteFailure) {
    for result in results where !kept.contains(result.path) {
      let place = FilePath(of: folders.outbox).pushing(result.path)
      guard ContentDigest(ofFileAt: place) == result.content else { continue }
      try Move.remove(place)
    }
  }

  /// A result that lies at `path` below the outbox, as it says itself; nil where nothing lies there.
  func result(at path: String) -> Completion.Result? {
    let url = folders.outbox.appending(path: path)
    guard let digest = ContentDigest(ofFileAt: FilePath(of: url)) else { return nil }
    let kind = ResultFiles.kind(of: path)
    return result(
      at: path, kind, digest, path.hasSuffix(".dcm") ? ReplacedResult(kind: kind, ofFileAt: url) : nil)
  }

  private func result(
    at path: String, _ kind: String, _ digest: ContentDigest, _ object: ReplacedResult?
  ) -> Completion.Result {
    var result = Completion.Result(
      kind: kind, path: Array(path.utf8), uid: object?.sopInstanceUID ?? "", content: digest
    )
    result.sopClassUID = object?.sopClassUID ?? ""
    result.studyInstanceUID = object?.studyInstanceUID ?? ""
    result.seriesInstanceUID = object?.seriesInstanceUID ?? ""
    return result
  }

  private static func isObject(_ place: FilePath) -> Bool {
    ResultFiles.isObject(ResultFiles.kind(of: place.lastComponent?.string ?? ""))
  }

  /// Whether what lies there says that it is one of the objects that are to be published.
  private static func isWriting(of objects: [ReplacedResult], at place: FilePath) -> Bool {
    let kind = ResultFiles.kind(of: place.lastComponent?.string ?? "")
    guard let object = objects.first(where: { $0.kind == kind }), !object.sopInstanceUID.isEmpty,
      let there = ReplacedResult(kind: kind, ofFileAt: URL(filePath: place.string))
    else { return false }
    return there.sopInstanceUID == object.sopInstanceUID
  }

  private static func digest(of file: FilePath) throws(WriteFailure) -> ContentDigest {
    guard let digest = ContentDigest(ofFileAt: file) else {
      throw WriteFailure(path: file.text, action: "read", code: errno)
    }
    return digest
  }
}
