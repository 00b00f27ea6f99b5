import FoundationEssentials
import Glibc

/// The regular files under a directory, with what tells a changed file from an unchanged one.
///
/// Symbolic links are followed, each folder and each linked file once, so that loops end. A real path is
/// preferred over one through a link.
struct DirectoryTree {
  struct File: Sendable, Equatable {
    /// Relative to the root, with `/` between folders.
    var path: String
    var size: Int
    /// Modification time in nanoseconds since 1970.
    var modified: Int
  }

  /// Sorted by path.
  private(set) var files: [File] = []
  private(set) var problems: [ArchiveProblem] = []

  private struct Identity: Hashable {
    var device: UInt
    var inode: UInt
  }
  private struct Link {
    var path: String
    var status: stat
  }

  private let root: String
  private var folders: Set<Identity> = []
  private var realFiles: Set<Identity> = []
  private var links: [Link] = []

  /// Lists everything under `root`.
  /// - Throws: ``ArchiveError`` when the root itself isn't a directory that can be listed.
  init(root: URL) throws(ArchiveError) {
    self.root = root.path
    guard let status = Self.status(self.root, followingLink: true) else { throw .missing(path: self.root) }
    guard Self.isFolder(status) else { throw .notADirectory(path: self.root) }
    folders.insert(Self.identity(status))
    if let code = list("") { throw .unreadable(path: self.root, errno: code) }
    followLinks()
    files.sort { $0.path < $1.path }
    problems.sort { $0.path < $1.path }
  }

  /// Links are followed after all that is really there; a linked folder may bring more links.
  private mutating func followLinks() {
    while !links.isEmpty {
      let pending = links.sorted { $0.path < $1.path }
      links = []
      for link in pending {
        if Self.isFolder(link.status) {
          guard folders.insert(Self.identity(link.status)).inserted else { continue }
          listNoting(link.path)
        } else if realFiles.insert(Self.identity(link.status)).inserted {
          files.append(Self.file(link.path, link.status))
        }
      }
    }
  }

  private mutating func listNoting(_ folder: String) {
    guard let code = list(folder) else { return }
    let message = "folder can't be listed (errno \(code)); what lies in it is left out"
    problems.append(ArchiveProblem(.unreadableFolder, path: folder, message: message))
  }

  /// Lists one folder and all real folders under it; returns errno when that folder can't be listed.
  private mutating func list(_ folder: String) -> Int32? {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: absolute(folder)) } catch {
      return Glibc.errno == 0 ? EIO : Glibc.errno
    }
    for name in names.sorted() {
      let path = folder.isEmpty ? name : folder + "/" + name
      guard let status = Self.status(absolute(path), followingLink: false) else { continue }
      switch status.st_mode & S_IFMT {
      case S_IFREG:
        realFiles.insert(Self.identity(status))
        files.append(Self.file(path, status))
      case S_IFDIR:
        if folders.insert(Self.identity(status)).inserted { listNoting(path) }
      case S_IFLNK:
        note(link: path)
      default: break  // Sockets, pipes and devices hold no radiographs.
      }
    }
    return nil
  }

  private mutating func note(link path: String) {
    guard let target = Self.status(absolute(path), followingLink: true) else {
      let message = "symbolic link to nothing; left out"
      problems.append(ArchiveProblem(.brokenLink, path: path, message: message))
      return
    }
    let kind = target.st_mode & S_IFMT
    if kind == S_IFREG || kind == S_IFDIR { links.append(Link(path: path, status: target)) }
  }

  private func absolute(_ path: String) -> String { path.isEmpty ? root : root + "/" + path }

  private static func status(_ path: String, followingLink: Bool) -> stat? {
    var status = stat()
    let result = unsafe followingLink ? stat(path, &status) : lstat(path, &status)
    return result == 0 ? status : nil
  }

  private static func isFolder(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }

  private static func identity(_ status: stat) -> Identity {
    Identity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
  }

  private static func file(_ path: String, _ status: stat) -> File {
    File(
      path: path, size: Int(status.st_size),
      modified: Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec))
  }
}
