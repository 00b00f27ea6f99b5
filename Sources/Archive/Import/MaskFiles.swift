internal import FoundationEssentials

/// The files of masks, and which picture each is of: the one of its name, also with `_mask` or `-mask` behind it.
struct MaskFiles: Sendable {
  /// Where rows of the table look for theirs.
  let root: URL
  let problems: [ArchiveProblem]
  private var files: [String] = []
  /// By the picture's path without its ending, the best by rank.
  private var byStem: [String: (rank: Int, path: String)] = [:]
  private let named: Set<String>
  private let images, masks: String
  /// Whether a folder of masks was named at all, and whether it is that of the pictures.
  private let hasFolder, isShared: Bool

  private static let marks = ["_mask", "-mask"]

  /// - Parameter named: The masks that rows of the table name.
  /// - Throws: where the folder isn't there, or can't be listed.
  init(_ sources: ArchiveImport.Sources, named: [String]) throws(ArchiveError) {
    root = sources.masks ?? sources.images
    self.named = Set(named)
    images = Self.place(sources.images)
    masks = Self.place(root)
    hasFolder = sources.masks != nil
    isShared = hasFolder && images == masks
    guard let folder = sources.masks else {
      problems = []
      return
    }
    let tree = try ArchiveTree(root: folder)
    problems = isShared ? [] : tree.problems
    for path in tree.files.map(\.path) where GreyPicture.isPicture(path) && isOurs(path) {
      files.append(path)
      let stem = GreyPicture.stem(of: path)
      let isPNG = path.lowercased().hasSuffix("png")
      for (number, mark) in ([""] + Self.marks).enumerated()
      where stem.hasSuffix(mark) && !(isShared && mark.isEmpty) {
        let rank = 2 * number + (isPNG ? 0 : 1)
        let key = String(stem.dropLast(mark.count))
        if rank < byStem[key]?.rank ?? .max { byStem[key] = (rank, path) }
      }
    }
  }

  /// The mask of a picture: the one that its row names, or that is called after it.
  func path(of picture: String, _ row: ImportTable.Row?) -> String? {
    row?.mask ?? byStem[GreyPicture.stem(of: picture)]?.path
  }

  /// Whether a file in the folder of pictures is a mask.
  func isMask(_ path: String) -> Bool {
    if !hasFolder { return named.contains(path) }
    if isShared { return named.contains(path) || isMarked(path) }
    return "\(images)/\(path)".hasPrefix("\(masks)/")
  }

  /// Masks that are of no picture are a mistake in their names more often than not.
  func unmatched(_ used: [String]) -> [ArchiveProblem] {
    let used = Set(used)
    let left = files.filter { !used.contains($0) }
    guard let first = left.first else { return [] }
    return [
      ArchiveProblem(
        .maskWithoutImage, path: first, count: left.count,
        message: "a mask whose name is no picture's and that no row names; left out")
    ]
  }

  /// Whether a file in the folder of masks is one of them: pictures may lie below it, or beside them.
  private func isOurs(_ path: String) -> Bool {
    if isShared { return isMarked(path) }
    return !(images.hasPrefix("\(masks)/") && "\(masks)/\(path)".hasPrefix("\(images)/"))
  }

  private func isMarked(_ path: String) -> Bool {
    Self.marks.contains { GreyPicture.stem(of: path).hasSuffix($0) }
  }

  private static func place(_ url: URL) -> String {
    url.standardizedFileURL.resolvingSymlinksInPath().path
  }
}
