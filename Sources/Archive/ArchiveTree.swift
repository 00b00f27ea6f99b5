import Files
import FoundationEssentials
import Glibc
import SystemPackage

/// The files of an archive, with what tells a changed file from an unchanged one.
struct ArchiveTree {
  struct File: Sendable, Equatable {
    /// Relative to the root, as text (`FilePath.text`): bytes that aren't UTF-8 as `\xE9`.
    var path: String
    var size: Int
    /// Modification time in nanoseconds since 1970.
    var modified: Int
  }

  /// Sorted by path.
  let files: [File]
  let problems: [ArchiveProblem]

  /// Lists everything under `root`.
  /// - Throws: ``ArchiveError`` when the root itself isn't a directory that can be listed.
  init(root: URL) throws(ArchiveError) {
    let path = FilePath(of: root)
    guard let status = path.status(followingLink: true) else { throw .missing(path: path.text) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .notADirectory(path: path.text) }
    let walk = FolderWalk(path, .archive)
    for problem in walk.problems where problem.path.isEmpty {
      if case .folder(let code) = problem.kind { throw .unreadable(path: path.text, errno: code) }
    }
    files = walk.files.map { File(path: $0.path.text, size: $0.stamp.size, modified: $0.stamp.modified) }
    problems = walk.problems.map(ArchiveProblem.init)
  }
}

extension ArchiveProblem {
  init(_ problem: FolderWalk.Problem) {
    let path = problem.path.text
    switch problem.kind {
    case .folder(let code):
      let message = "folder can't be listed (errno \(code)); what lies in it is left out"
      self.init(.unreadableFolder, path: path, message: message)
    case .entry(let code):
      let message = "can't be looked at (errno \(code)); left out"
      self.init(.unreadableFile, path: path, message: message)
    case .brokenLink:
      self.init(.brokenLink, path: path, message: "symbolic link to nothing; left out")
    }
  }
}

/// Opens a file of the archive by its path there, which is text; `body` gets a URL that is good while it runs.
func withArchiveFile<Result, Failure: Error>(
  _ path: String, root: URL, _ body: (URL) throws(Failure) -> Result
) throws(Failure) -> Result {
  let file = OpenedFile(FilePath(of: root).pushing(FilePath(text: path)))
  let result = try body(file.url)
  extendLifetime(file)
  return result
}
