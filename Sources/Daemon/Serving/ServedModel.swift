import Analysis
import Files
package import FoundationEssentials
import Glibc
import SystemPackage

/// The model that serves, as a copy of the daemon's own. Whatever becomes of the file that it was taken from, a worker
/// that takes the place of one that died reads with the same weights; another model serves only when somebody asks.
package struct ServedModel: Sendable, Equatable {
  /// The file that somebody named.
  package let origin: String
  package let copy: URL
  /// Of both, hexadecimal.
  package let sha256: String

  /// Copies a model beside the ledger, under its digest.
  /// - Parameter pin: the digest that it must have, hexadecimal; nil for any.
  /// - Throws: ``WorkerFailure`` when it isn't there or isn't the one that is pinned, ``WriteFailure``.
  package static func take(
    _ origin: String, pin: String?, in folders: InboxFolders
  ) throws -> ServedModel {
    let source = FilePath(origin)
    guard source.status(followingLink: true) != nil else {
      throw WorkerFailure.modelMissing("\(origin): no such model file")
    }
    let before = source.status(followingLink: true).map(FileStamp.init)
    guard let content = try? Data(contentsOf: URL(filePath: origin)) else {
      throw WorkerFailure.modelRefused("\(origin): the model file can't be read")
    }
    guard source.status(followingLink: true).map(FileStamp.init) == before else {
      throw WorkerFailure.modelRefused("\(origin): the model file changes while it is read")
    }
    let digest = ContentDigest(of: content).description
    if let pin, pin.lowercased() != digest {
      throw WorkerFailure.modelRefused(
        "\(origin): its SHA-256 is \(digest), and model_sha256 asks for \(pin)")
    }
    try Folder.create(folders.models)
    let copy = folders.models.appending(path: "\(digest).safetensors")
    try DurableFile.write(content, to: copy)
    return ServedModel(origin: origin, copy: copy, sha256: digest)
  }

  /// A failure that names the copy names the file that somebody knows.
  func renamed(_ failure: WorkerFailure) -> WorkerFailure {
    func renamed(_ text: String) -> String { text.replacing(copy.path, with: origin) }
    return switch failure {
    case .modelMissing(let text): .modelMissing(renamed(text))
    case .modelRefused(let text): .modelRefused(renamed(text))
    case .cannotStart(let text): .cannotStart(renamed(text))
    }
  }

  /// Removes the copies of models that serve no more.
  static func removeOthers(than digests: Set<String>, in folders: InboxFolders) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folders.models.path)) ?? []
    where !digests.contains(String(name.prefix(64))) {
      unsafe unlink(folders.models.appending(path: name).path)
    }
  }
}
