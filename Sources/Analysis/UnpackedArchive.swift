package import Files
package import FoundationEssentials
package import SystemPackage
package import Unpacking

/// A file that an archive held, in the folder that it was unpacked into.
package struct ArchiveMember: Sendable, Hashable, Codable {
  /// Below that folder, as `FilePath.text`.
  package var path: String
  /// What it is, as far as it tells.
  package var identity: ImageIdentity
  package var content: ContentDigest
}

/// A zip archive of studies, opened: its files are read like others, and it has a row that says so.
package struct UnpackedArchive: Sendable {
  package let url: URL
  /// Of the archive; nil where it can't be read.
  package let content: ContentDigest?
  /// In the order of their names; none where it isn't opened.
  package private(set) var members: [ArchiveMember] = []
  package let refusal: UnpackingFailure?

  /// The row's code for one that was opened.
  package static let openedCode = "archive"
  /// The folder below the output that holds its files.
  package static let folder: FilePath.Component = "members"
  /// Bytes of JSON that its files may take to be told of: the worker tells of all in one line.
  package static let longestList = 12 << 20

  /// Unpacks the file at `path` below the folder `output`; nil where it is no archive.
  package init?(
    _ path: FilePath, into output: FilePath, limits: UnpackingLimits = UnpackingLimits(),
    longestList: Int = UnpackedArchive.longestList
  ) {
    guard ZipArchive.isOne(at: path) else { return nil }
    let deadline = UnpackingDeadline(limits)
    url = URL(filePath: path.string)
    content = ContentDigest(ofFileAt: path)
    let folder = output.appending(Self.folder)
    do throws(UnpackingFailure) {
      do throws(WriteFailure) { try Folder.create(URL(filePath: folder.string)) } catch {
        throw UnpackingFailure(.damaged, "can't be written out: \(error.reason)")
      }
      try ZipArchive.unpack(path, into: folder, limits: limits, until: deadline)
      for file in FolderWalk(folder, .inbox()).files {
        try deadline.check()
        if let member = Self.member(file.path, in: folder) { members.append(member) }
      }
      guard let list = try? JSONEncoder().encode(members), list.count <= longestList else {
        throw UnpackingFailure(.tooLarge, "holds more files, of longer names, than can be told of")
      }
      guard members.contains(where: { !$0.identity.sopInstanceUID.isEmpty }) else {
        throw UnpackingFailure(.empty, "holds no DICOM file")
      }
      refusal = nil
    } catch {
      try? FileManager.default.removeItem(atPath: folder.string)
      members = []
      refusal = error
    }
  }

  private static func member(_ path: FilePath, in folder: FilePath) -> ArchiveMember? {
    let place = folder.pushing(path)
    guard let content = ContentDigest(ofFileAt: place) else { return nil }
    let identity = ImageIdentity(ofFileAt: URL(filePath: place.string))
    return ArchiveMember(path: path.text, identity: identity, content: content)
  }

  /// For people.
  var detail: String {
    refusal.map { "the archive \($0.detail): nothing of it is read" }
      ?? "an archive: \(members.count) \(members.count == 1 ? "file, which has a row of its" : "files, which have rows of their") own"
  }
}

extension PreparedImage {
  /// What the row says of an archive.
  package init(_ archive: UnpackedArchive) {
    self.init(
      url: archive.url,
      content: .refused(
        archive.refusal == nil ? .notAnalysed : .rejected,
        code: archive.refusal?.reason.rawValue ?? UnpackedArchive.openedCode, detail: archive.detail))
  }
}
