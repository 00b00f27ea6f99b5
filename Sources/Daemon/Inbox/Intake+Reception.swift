package import DICOMNetwork
import Files
import FoundationEssentials
import Ledger
import Logging
package import SystemPackage

/// A file that came over the network, and lies in the folder of what did.
package struct ReceivedFile: Sendable, Hashable {
  /// Its name there.
  package let name: FilePath.Component
  /// The name that it goes by, as one that lay in the inbox.
  package let sender: FilePath

  package init(name: FilePath.Component, sender: FilePath) { (self.name, self.sender) = (name, sender) }

  /// Nil where the name is none: the receiver's memory can't be trusted any more.
  package init?(_ object: ReceivedObject) {
    guard let name = FilePath.Component(object.file), name.kind == .regular else { return nil }
    self.name = name
    sender = FilePath(
      root: nil,
      [Self.component(object.caller, "UNKNOWN"), Self.component(object.sopInstance, "object", ".dcm")])
  }

  /// Letters, digits and a few signs; peers choose both.
  private static func component(_ text: String, _ otherwise: String, _ end: String = "") -> FilePath.Component
  {
    let name = String(
      text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "_" })
    let isFit = !name.isEmpty && !name.hasPrefix(".")
    return FilePath.Component((isFit ? name : otherwise) + end) ?? "unnamed"
  }
}

/// What comes over the network goes the way of what lies in the inbox: into the spool in batches with one sync, to be
/// identified, into the ledger.
extension Intake {
  /// Whether something that comes now would be taken.
  package var takesMore: Bool { isOpen && isRunning && !isStopping }

  /// Takes files in that came over the network.
  /// - Returns: For each whether it is in the spool, synced, and its row in the ledger; true only then.
  package func receive(_ files: [ReceivedFile]) async -> [Bool] {
    let refused = files.map { _ in false }
    guard isRunning, !isStopping else { return refused }
    let root = FilePath(of: configuration.folders.receiving)
    let outcomes: [Spool.Outcome]
    do {
      guard try hasRoom(), try room.bytes() > 0 else { return refused }
      let found = files.map { file in
        let path = FilePath(root: nil, [file.name])
        let stamp = FolderWalk.entry(path, in: root)?.stamp
        return InboxFile(path: path, stamp: stamp ?? FileStamp(size: -1, modified: 0, inode: 0))
      }
      outcomes = try await receivingSpool.take(found, from: root, as: files.map(\.sender))
    } catch {
      let failure = error as? WriteFailure
      logger.warning(
        "what came over the network can't be taken in",
        metadata: [
          "why": "\(failure.map { "\($0.concealingNames(in: configuration.folders))" } ?? "\(error)")"
        ])
      return refused
    }
    let arrival = watcher.nextArrival()
    var places: [SpooledFile: Int] = [:]
    for (index, outcome) in outcomes.enumerated() {
      switch outcome {
      case .taken(let file), .copied(let file, _): places[file] = index
      case .notNow, .refused: break
      }
    }
    // While the disks were busy, the stages may have ended.
    guard isRunning, !places.isEmpty else { return refused }
    let (told, teller) = AsyncStream.makeStream(of: (SpooledFile, Bool).self)
    let taken = places.sorted { $0.value < $1.value }.map(\.key)
    for file in taken { admissions[file] = teller }
    do { try await handOn(taken.map { IntakeFile($0, arrival: arrival) }) } catch { admitted(taken, false) }
    var answers = refused
    var open = taken.count
    for await (file, isAdmitted) in told {
      if let index = places[file] { answers[index] = isAdmitted }
      open -= 1
      if open == 0 { break }
    }
    return answers
  }

  /// Tells those who wait what became of files.
  func admitted(_ files: [SpooledFile], _ isAdmitted: Bool) {
    for file in files { admissions.removeValue(forKey: file)?.yield((file, isAdmitted)) }
  }

  /// Nobody knows what becomes of those that are on their way; a peer that sends one again gets the same answer.
  func giveUpAdmissions() {
    admitted(Array(admissions.keys), false)
  }
}
