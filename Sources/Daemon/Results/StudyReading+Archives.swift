import Analysis
import Files
import Ledger
import SystemPackage
import Unpacking

/// What becomes of the files of an archive.
extension StudyReading {
  /// Files that go into the spool, and the ledger, at a time.
  private static let portion = 256

  /// Takes them in as if they had lain in the inbox, in a folder that is called like the archive. When this returns each
  /// lies in the spool, and has its row.
  func takeIn(_ members: [ArchiveMember], of job: ClaimedFile) async throws {
    let folder = FilePath(of: job.staging).appending(UnpackedArchive.folder)
    let archive = FilePath(bytes: job.instance.sender)
    let place = archive.removingLastComponent()
      .appending(EntryName.folder(of: archive.lastComponent ?? "archive"))
    let options = FolderWalk.Options.inbox(ignoring: configuration.ignoredNames)
    let wanted = members.filter { member in
      let path = FilePath(text: member.path)
      // The worker's memory can't be trusted: nothing but names below its folder. The spool follows no links there.
      return path.isRelative && !path.components.isEmpty
        && path.components.allSatisfy { $0.kind == .regular && !options.leavesOut($0) }
    }
    for start in stride(from: 0, to: wanted.count, by: Self.portion) {
      try await admit(
        Array(wanted[start..<min(start + Self.portion, wanted.count)]), in: folder, under: place)
      try await renewLeases()
      beatWhileFiling()
    }
  }

  private func admit(_ members: [ArchiveMember], in folder: FilePath, under place: FilePath) async throws {
    let files = members.map { member in
      let path = FilePath(text: member.path)
      let stamp = FolderWalk.entry(path, in: folder)?.stamp
      return InboxFile(path: path, stamp: stamp ?? FileStamp(size: -1, modified: 0, inode: 0))
    }
    let outcomes = try await sources.take(files, from: folder, as: files.map { place.pushing($0.path) })
    let arrival = try await ledger.counts().lastArrival + 1
    var spooled: [(file: SpooledFile, admission: Admission)] = []
    for (outcome, member) in zip(outcomes, members) {
      switch outcome {
      case .taken(let file), .copied(let file, _):
        spooled.append(
          (
            file,
            Admission(
              content: member.content, studyInstanceUID: member.identity.studyInstanceUID,
              seriesInstanceUID: member.identity.seriesInstanceUID,
              sopInstanceUID: member.identity.sopInstanceUID, spooled: file.name.bytes,
              sender: file.sender.bytes,
              arrival: arrival)
          ))
      // Nobody but the worker can have taken it away, which made it for us.
      case .notNow, .refused: throw WriteFailure(path: folder.text, message: "what was unpacked isn't there")
      }
    }
    for ((file, _), outcome) in zip(spooled, try await ledger.admit(spooled.map(\.admission), at: .now)) {
      if case .known(let id) = outcome { _ = try await sources.add(file, of: id) }
    }
  }
}
