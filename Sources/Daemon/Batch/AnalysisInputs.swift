import Files
public import FoundationEssentials
import Glibc
public import SystemPackage

/// The files that a list of paths stands for: files as they are, folders with all that lies in them.
public struct AnalysisInputs: Sendable {
  /// Something that can't be read at all.
  public struct Problem: Sendable, Equatable {
    public let path: FilePath
    /// Short coded reason.
    public let code: String
    public let message: String
  }

  /// In the order of the paths, sorted within a folder, each once.
  public private(set) var files: [FilePath] = []
  /// Below these lies all that is to be read.
  package let roots: [FilePath]
  /// Folders and entries without rights.
  public private(set) var problems: [Problem] = []

  /// Files and problems: as many as there will be rows, but for files with the same bytes.
  public var count: Int { files.count + problems.count }

  /// - Parameters:
  ///   - paths: files and folders.
  ///   - skipping: a folder that isn't looked into (the output).
  /// - Throws: ``MissingInput`` when none of the paths is there.
  public init(_ paths: [FilePath], skipping: URL? = nil) throws(MissingInput) {
    roots = paths
    var seen: Set<FilePath> = []
    var missing = 0
    let skipped = skipping.flatMap { FileIdentity(of: FilePath(of: $0)) }
    let options = FolderWalk.Options.inbox(skipping: skipped.map { [$0] } ?? [])
    for path in paths {
      guard let status = path.status(followingLink: true) else {
        let isMissing = errno == ENOENT || errno == ENOTDIR
        problems.append(
          Problem(
            path: path, code: isMissing ? "missing" : "unreadable",
            message: isMissing ? "no such file or folder" : "no rights"))
        missing += isMissing ? 1 : 0
        continue
      }
      guard status.st_mode & S_IFMT == S_IFDIR else {
        if seen.insert(path).inserted { files.append(path) }
        continue
      }
      let walk = FolderWalk(path, options)
      for file in walk.files.map({ path.pushing($0.path) }) where seen.insert(file).inserted {
        files.append(file)
      }
      for problem in walk.problems {
        problems.append(
          Problem(
            path: path.pushing(problem.path), code: problem.isFolder ? "unreadable_folder" : "unreadable",
            message: problem.isFolder ? "folder: \(problem.message)" : problem.message))
      }
    }
    if missing == paths.count, let path = paths.first { throw MissingInput(path: path.text) }
  }
}

/// The paths on the command line lead nowhere; names the first.
public struct MissingInput: Error, Equatable, CustomStringConvertible {
  public let path: String

  public init(path: String) { self.path = path }

  public var description: String { "\(path): no such file or folder" }
}
