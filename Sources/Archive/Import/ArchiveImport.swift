internal import DICOM
public import FoundationEssentials
internal import Tensors

/// Makes an archive of DICOM objects out of pictures: PNG or JPEG files, masks of the lungs beside them, and a CSV file that
/// tells of both.
public enum ArchiveImport {
  /// Where what lies.
  public struct Sources: Sendable {
    public var images: URL
    /// Masks that aren't named by the table lie here under their picture's name. May be the folder of pictures.
    public var masks: URL?
    public var table: URL?

    public init(images: URL, masks: URL? = nil, table: URL? = nil) {
      self.images = images
      self.masks = masks
      self.table = table
    }
  }

  /// What became of it.
  public struct Outcome: Sendable, Equatable {
    public internal(set) var images = 0
    public internal(set) var masks = 0
    /// Findings, of frontal views.
    public internal(set) var labels = 0
    /// Pictures that no row of the table is about: imported without a finding.
    public internal(set) var withoutRow = 0
    /// Each named; what is wrong with one picture keeps no other back.
    public internal(set) var problems: [ArchiveProblem] = []
  }

  /// Writes one object for each picture, one for each mask, and `labels.csv`. The same pictures and rows give the same
  /// objects, byte by byte.
  /// - Parameters:
  ///   - directory: Must not be there, or be empty.
  ///   - threads: How many pictures are worked on at once; nil takes one for each processor.
  ///   - progress: Called on the calling thread with pictures done and pictures in all.
  /// - Throws: ``ExchangeError`` where nothing can be done at all.
  public static func run(
    _ sources: Sources, to directory: URL, threads: Int? = nil, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(ExchangeError) -> Outcome {
    let tree: ArchiveTree
    var table: ImportTable?
    let masks: MaskFiles
    do throws(ArchiveError) {
      tree = try ArchiveTree(root: sources.images)
      if let file = sources.table { table = try ImportTable(reading: file) }
      masks = try MaskFiles(sources, named: (table?.rows ?? []).compactMap(\.mask))
    } catch { throw .source(error) }
    let pictures = tree.files.map(\.path).filter { GreyPicture.isPicture($0) && !masks.isMask($0) }
    guard !pictures.isEmpty else { throw .nothing(path: sources.images.path) }
    let archive = try NewArchive(at: directory)

    let rows = Dictionary(uniqueKeysWithValues: (table?.rows ?? []).map { ($0.image, $0) })
    var names = ImportedNames()
    let imports = pictures.map { path in
      PictureImport(
        path: path, row: rows[path], mask: masks.path(of: path, rows[path]), name: names.name(of: path))
    }
    var outcome = Outcome()
    outcome.withoutRow = imports.count { $0.row == nil }
    outcome.problems = tree.problems + masks.problems + (table?.problems ?? [])
    outcome.problems += table?.unmatched(pictures) ?? []
    outcome.problems += masks.unmatched(imports.compactMap(\.mask))
    var labels: [[String]] = [["SOPInstanceUID", "PatientID", "Finding", "Split"]]
    progress(0, imports.count)
    concurrentMap(
      count: imports.count, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, chunk: 16,
      transform: { imports[$0].written(to: archive, images: sources.images, masks: masks.root) },
      chunkDone: { range, done in
        for result in done {
          outcome.images += result.isWritten ? 1 : 0
          outcome.masks += result.hasMask ? 1 : 0
          outcome.labels += result.label?[2].isEmpty == false ? 1 : 0
          if let label = result.label { labels.append(label) }
          outcome.problems += result.problems
        }
        progress(range.upperBound, imports.count)
      })
    try archive.writeLabels(labels)
    return outcome
  }
}

/// What the objects of pictures are called. Two pictures may differ in their ending alone, or in letter case, which not every
/// file system tells apart.
struct ImportedNames {
  private var taken: Set<String> = []

  /// The picture's path without its ending, with a number behind it where that name, or that of its mask, is taken.
  mutating func name(of path: String) -> String {
    let stem = GreyPicture.stem(of: path)
    var name = stem
    var number = 1
    while true {
      let files = [PictureImport.imageEnding, PictureImport.maskEnding].map { (name + $0).lowercased() }
      if taken.isDisjoint(with: files) {
        taken.formUnion(files)
        return name
      }
      number += 1
      name = "\(stem)-\(number)"
    }
  }
}
