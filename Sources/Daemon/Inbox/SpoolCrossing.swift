import Files
import Glibc
import SystemPackage

/// Where files of the inbox wait that lies on another file system than the spool, while they are copied: under a hidden
/// name they can't be mistaken for one that comes after them.
struct SpoolCrossing {
  private let inbox: OpenFolder
  private var folder: OpenFolder?
  private static let name: FilePath.Component = ".mmdicom.taken"

  init(in inbox: OpenFolder) {
    self.inbox = inbox
    folder = Self.own(in: inbox)
  }

  /// The folder, where it is there and ours. Senders may write to the inbox: a link of that name would have us move what
  /// it leads to, and in a folder of their own they could change what we took. On mounts that give every file one owner,
  /// it is the inbox's.
  private static func own(in inbox: OpenFolder) -> OpenFolder? {
    guard let folder = inbox.folder(FilePath(root: nil, [name])), let status = folder.status else {
      return nil
    }
    return status.st_uid == geteuid() || status.st_uid == inbox.status?.st_uid ? folder : nil
  }

  /// The place of a file on its way; the folder is made where it is missing.
  mutating func place(of file: SpooledFile) throws(WriteFailure) -> Move.Place {
    let name = Self.name(of: file)
    if let folder { return Move.Place(folder, name) }
    // A link there is nothing of ours; without it there is room.
    if inbox.status(Self.name).map({ $0.st_mode & S_IFMT }) == S_IFLNK { _ = inbox.remove(Self.name) }
    let place = inbox.path.appending(Self.name)
    guard inbox.makingFolder(FilePath(root: nil, [Self.name])) != nil else {
      throw WriteFailure(path: place.text, action: "create", code: errno)
    }
    folder = Self.own(in: inbox)
    guard let folder else {
      throw WriteFailure(
        path: place.text, message: "is needed to take files, and isn't the daemon's own folder")
    }
    return Move.Place(folder, name)
  }

  /// Where a file waits; nil where none does.
  func waiting(_ file: SpooledFile) -> Move.Place? {
    guard let place = folder.map({ Move.Place($0, Self.name(of: file)) }), place.status != nil else {
      return nil
    }
    return place
  }

  private static func name(of file: SpooledFile) -> FilePath.Component {
    let bytes = file.name.bytes.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
    return FilePath.Component(bytes: bytes) ?? "unnamed"
  }

  func sync() { _ = folder?.sync() }

  /// What no list knows: the spool was lost. It goes back into the inbox under the name that it has; then the folder
  /// goes, if nothing else lies in it.
  /// - Parameter host: whose files are meant, as the spool calls it; empty for all.
  func putBackAll(of host: FilePath = FilePath()) throws(WriteFailure) {
    guard let folder else { return }
    let prefix = host.isEmpty ? [] : host.bytes + [UInt8(ascii: "_")]
    for name in folder.names() ?? [] where name.bytes.starts(with: prefix) {
      let place = Move.Place(folder, name)
      guard place.status.map({ $0.st_mode & S_IFMT }) == S_IFREG else { continue }
      _ = try Move.file(from: place, to: Move.Place(inbox, name))
    }
    _ = inbox.removeFolder(Self.name)
  }
}
