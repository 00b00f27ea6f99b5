public import FoundationEssentials
import Glibc

/// The files that a list of paths stands for: files as they are, folders with all that lies in them.
public struct AnalysisInputs: Sendable {
  /// Something that can't be read at all.
  public struct Problem: Sendable, Equatable {
    public let path: String
    /// Short coded reason.
    public let code: String
    public let message: String
  }

  /// In the order of the paths, sorted within a folder, each once.
  public private(set) var files: [String] = []
  /// Folders without rights, names that aren't text.
  public private(set) var problems: [Problem] = []

  /// Files and problems: as many as there will be rows.
  public var count: Int { files.count + problems.count }

  /// - Parameters:
  ///   - paths: files and folders.
  ///   - skipping: a folder that isn't looked into (the output).
  /// - Throws: ``MissingInput`` when none of the paths is there.
  public init(_ paths: [String], skipping: URL? = nil) throws(MissingInput) {
    var seen: Set<String> = []
    var missing = 0
    let skipped = skipping.map { Set([$0.absoluteURL.standardizedFileURL.path]) } ?? []
    for path in paths {
      var status = stat()
      guard unsafe stat(path, &status) == 0 else {
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
      let scan = FolderScan(URL(filePath: path).absoluteURL, skipping: skipped)
      for file in scan.files {
        let full = Self.join(path, file.path)
        if seen.insert(full).inserted { files.append(full) }
      }
      for item in scan.unreadable {
        problems.append(
          Problem(
            path: Self.join(path, item.path), code: item.isFolder ? "unreadable_folder" : "unreadable",
            message: item.isFolder ? "folder: \(item.message)" : item.message))
      }
    }
    if missing == paths.count, let path = paths.first { throw MissingInput(path: path) }
  }

  private static func join(_ folder: String, _ path: String) -> String {
    path.isEmpty ? folder : folder.hasSuffix("/") ? folder + path : folder + "/" + path
  }
}

/// The paths on the command line lead nowhere; names the first.
public struct MissingInput: Error, Equatable, CustomStringConvertible {
  public let path: String

  public init(path: String) { self.path = path }

  public var description: String { "\(path): no such file or folder" }
}
