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

  /// Which of several tasks reads them.
  private var shard = Shard.whole

  /// One of several tasks that each read a part of the same inputs.
  public struct Shard: Sendable, Equatable {
    /// From 1.
    public let number, count: Int
    public static let whole = Shard(number: 1, count: 1)

    /// - Returns: nil unless the number is from 1 to the count.
    public init?(_ number: Int, of count: Int) {
      guard (1...10_000).contains(count), (1...count).contains(number) else { return nil }
      self.init(number: number, count: count)
    }

    private init(number: Int, count: Int) { (self.number, self.count) = (number, count) }
  }

  /// Every `count`th file, from the shard's number on; what can't be read at all is the first shard's.
  public func part(_ shard: Shard) -> AnalysisInputs {
    var part = self
    part.shard = shard
    part.files = stride(from: shard.number - 1, to: files.count, by: shard.count).map { files[$0] }
    if shard.number > 1 { part.problems = [] }
    return part
  }

  /// The number of a file among those of all shards, from 1.
  package func number(of index: Int) -> Int { index * shard.count + shard.number }

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
