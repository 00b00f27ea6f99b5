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

  /// Renames the results of a row from its staging folder to the study's folder, synced when this returns. May be done
  /// again: the results of one row always have the same names, and what an attempt that was cut off left is replaced.
  /// - Parameters:
  ///   - row: its `outputs` are names in `staging`; they come back relative to the outbox.
  ///   - copy: 2 for the second image with the same SOP Instance UID, 3 for the third ...
  ///   - replaced: paths below the outbox of results that these take the place of; what lies there is kept elsewhere.
  ///   - fence: keeps out whose lease is over; nil where nobody else could have it.
  ///   - intent: of the row's file; it is for others to forget it, when the ledger has the results.
  /// - Throws: ``DeliveryFault`` when the names of this row are at fault, ``WriteFailure`` otherwise.
  package func publish(
    _ row: inout ReportRow, from staging: URL, copy: Int, replacing replaced: Set<FilePath>,
    intent: PublicationIntent, fence: PublicationFence? = nil
  ) throws -> [Completion.Result] {
    let superseded = SupersededResults(folders)
    let begun = intent.results
    guard !row.outputs.isEmpty else {
      try fence?.check(hasResults: false)
      try remove(begun, except: replaced)
      for path in replaced { try superseded.keep(path) }
      return []
    }
    let outbox = FilePath(of: folders.outbox)
    let wanted = ResultFiles.studyFolder(for: row.identity.studyInstanceUID)
    let study = try DestinationPath(look: DestinationPath.look).folder(
      FilePath.Component(bytes: Array(wanted.utf8)) ?? "unknown-study", in: outbox)
    let staged = row.outputs.map { FilePath(of: staging).appending($0) }
    let digests = try staged.map { file throws(WriteFailure) in try Self.syncedDigest(of: file) }
    var final = row
    var number = copy
    while true {
      final = row
      final.note(copy: number)
      let places = final.outputs.map { study.appending($0) }
      if let fault = places.lazy.compactMap({ DeliveryFault(result: $0, outbox: outbox) }).first {
        throw fault
      }
      let isFree = try zip(places, digests).allSatisfy { place, digest in
        guard try DestinationPath.look(place) != .nothing else { return true }
        let path = FilePath(root: nil, place.components.suffix(2))
        guard !replaced.contains(path) else { return true }
        guard let there = ContentDigest(ofFileAt: place) else { return false }
        // A result that was renamed before a crash is the same bytes, or was noted.
        return there == digest || begun.contains(.init(path: path, content: there))
      }
      if isFree { break }
      number += 1
    }
    let names = final.outputs
    final.outputs = names.map { "\(study.lastComponent?.string ?? wanted)/\($0)" }
    let paths = final.outputs.map { FilePath($0) }
    try fence?.check(hasResults: true)
    try intent.note(begun.union(zip(paths, digests).map { .init(path: $0, content: $1) }))
    try Folder.create(study)
    for path in replaced {
      let new = zip(paths, digests).first { $0.0 == path }?.1
      let place = outbox.pushing(path)
      // What is the same bytes stays; what an attempt of this file left there is nobody's result.
      guard let there = ContentDigest(ofFileAt: place), there != new,
        !begun.contains(.init(path: path, content: there))
      else { continue }
      try fence?.check(hasResults: true)
      try superseded.keep(path, there)
    }
    var folders = UnsyncedFolders()
    for (source, name) in zip(staged, names) {
      do throws(WriteFailure) { try Move.replacing(source, study.appending(name), &folders) } catch {
        // Whoever took the file over has removed what was staged for it.
        try fence?.check(hasResults: true)
        throw error
      }
    }
    try fence?.check(hasResults: true)
    try folders.sync()
    try remove(begun, except: replaced.union(paths))
    row = final
    return zip(final.outputs, digests).map { path, digest in result(at: path, digest) }
  }

  /// Takes back what an attempt that was cut off put into place.
  private func remove(
    _ results: Set<PublicationIntent.Result>, except kept: Set<FilePath>
  ) throws(WriteFailure) {
    for result in results where !kept.contains(result.path) {
      let place = FilePath(of: folders.outbox).pushing(result.path)
      guard ContentDigest(ofFileAt: place) == result.content else { continue }
      let code = Move.remove(place)
      guard code == 0 else { throw WriteFailure(path: place.text, action: "remove", code: code) }
    }
  }

  /// A result that lies at `path` below the outbox; nil where nothing lies there.
  func result(at path: String) -> Completion.Result? {
    ContentDigest(ofFileAt: FilePath(of: folders.outbox.appending(path: path))).map { result(at: path, $0) }
  }

  private func result(at path: String, _ digest: ContentDigest) -> Completion.Result {
    let url = folders.outbox.appending(path: path)
    let kind = ResultFiles.kind(of: path)
    let object = path.hasSuffix(".dcm") ? ReplacedResult(kind: kind, ofFileAt: url) : nil
    var result = Completion.Result(
      kind: kind, path: Array(path.utf8), uid: object?.sopInstanceUID ?? "", content: digest
    )
    result.sopClassUID = object?.sopClassUID ?? ""
    result.studyInstanceUID = object?.studyInstanceUID ?? ""
    result.seriesInstanceUID = object?.seriesInstanceUID ?? ""
    return result
  }

  private static func syncedDigest(of file: FilePath) throws(WriteFailure) -> ContentDigest {
    let descriptor = unsafe file.withPlatformString { unsafe open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw WriteFailure(path: file.text, action: "read", code: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw WriteFailure(path: file.text, action: "sync", code: errno) }
    guard let digest = ContentDigest(ofFileAt: file) else {
      throw WriteFailure(path: file.text, action: "read", code: errno)
    }
    return digest
  }
}
