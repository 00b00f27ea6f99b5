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
  /// again: the results of one row always have the same names.
  /// - Parameters:
  ///   - row: its `outputs` are names in `staging`; they come back relative to the outbox.
  ///   - copy: 2 for the second image with the same SOP Instance UID, 3 for the third ...
  ///   - own: paths below the outbox that earlier results of the same row have.
  /// - Throws: ``DeliveryFault`` when the names of this row are at fault, ``WriteFailure`` otherwise.
  package func publish(
    _ row: inout ReportRow, from staging: URL, copy: Int, own: Set<FilePath>
  ) throws -> [Completion.Result] {
    guard !row.outputs.isEmpty else { return [] }
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
        // A result that was renamed before a crash is the same bytes.
        return own.contains(path) || ContentDigest(ofFileAt: place) == digest
      }
      if isFree { break }
      number += 1
    }
    try Folder.create(study)
    for (source, name) in zip(staged, final.outputs) { try Move.replacing(source, study.appending(name)) }
    final.outputs = final.outputs.map { "\(study.lastComponent?.string ?? wanted)/\($0)" }
    row = final
    return zip(final.outputs, digests).map { path, digest in
      let url = folders.outbox.appending(path: path)
      let isObject = path.hasSuffix(".dcm")
      return Completion.Result(
        kind: ResultFiles.kind(of: path), path: Array(path.utf8),
        uid: isObject ? ImageIdentity(ofFileAt: url).sopInstanceUID : "", content: digest)
    }
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
