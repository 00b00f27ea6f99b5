internal import Files
public import FoundationEssentials
internal import Tensors

/// Makes an archive that names nobody: DICOM objects by PS3.15's basic profile, or pictures with a table, as
/// ``ArchiveImport`` reads them.
public enum ArchiveExport {
  public enum Format: String, Sendable, CaseIterable {
    case dicom
    /// PNG files of the stored values, masks and `labels.csv` with the columns that import takes.
    case png
  }

  public struct Options: Sendable {
    public var format = Format.dicom
    public var key: ExportKey
    /// Sex, age, size and weight stay.
    public var keepsCharacteristics = false

    public init(key: ExportKey) { self.key = key }
  }

  public struct Outcome: Sendable, Equatable {
    public internal(set) var images = 0
    public internal(set) var masks = 0
    /// Images that don't say whether something is burned into their pixels: somebody has to look at them.
    public internal(set) var unstated = 0
    public internal(set) var problems: [ArchiveProblem] = []
    /// What each folder of the archive is called now.
    public internal(set) var sources: [String: String] = [:]
  }

  /// Writes every image of an index, with its lung masks and its row of `labels.csv`.
  ///
  /// Left out, and named: an image that says that something identifying is burned into it, and what can't be decoded.
  /// Names of files and folders go with the rest.
  /// - Parameters:
  ///   - directory: Must not be there, or be empty.
  ///   - threads: How many images are worked on at once; nil takes one for each processor.
  ///   - progress: Called on the calling thread with images done and images in all.
  public static func run(
    _ index: ArchiveIndex, root: URL, _ options: Options, to directory: URL, threads: Int? = nil,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(ExchangeError) -> Outcome {
    guard !index.images.isEmpty else { throw .nothing(path: root.path) }
    let archive = try NewArchive(at: directory)
    let rules = Confidentiality(key: options.key.digest, keepsCharacteristics: options.keepsCharacteristics)
    var outcome = Outcome()
    for source in Set(index.images.map(\.source)).sorted() where !source.isEmpty {
      outcome.sources[source] = "source-\(outcome.sources.count + 1)"
    }
    let (images, sources, format) = (index.images, outcome.sources, options.format)
    var table = [
      format == .dicom
        ? ["SOPInstanceUID", "PatientID", "Finding", "Split"]
        : ["image", "mask", "patient", "finding", "split"]
    ]
    progress(0, images.count)
    concurrentMap(
      count: images.count, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, chunk: 16,
      transform: { number in
        let source = sources[images[number].source].map { $0 + "/" } ?? ""
        return exported(images[number], root: root, rules, as: format, to: archive, in: source)
      },
      chunkDone: { range, done in
        for result in done {
          if let row = result.row {
            table.append(row)
            outcome.images += 1
            outcome.masks += result.masks
            outcome.unstated += result.isUnstated ? 1 : 0
          }
          outcome.problems += result.problems
        }
        progress(range.upperBound, images.count)
      })
    try archive.writeLabels(table)
    return outcome
  }

  /// What became of one image.
  private struct Result: Sendable {
    /// Nil where it was left out.
    var row: [String]?
    var masks = 0
    var isUnstated = false
    var problems: [ArchiveProblem] = []
  }

  private static func exported(
    _ image: ArchiveImage, root: URL, _ rules: Confidentiality, as format: Format, to archive: NewArchive,
    in source: String
  ) -> Result {
    do throws(PictureProblem) {
      let exported = try ExportedImage(image, root: root, rules)
      let folder = source + exported.patientID
      let names =
        switch format {
        case .dicom: try exported.writeObjects(to: archive, in: folder)
        case .png: try exported.writePictures(to: archive, in: folder)
        }
      return Result(
        row: names + [exported.patientID, image.finding?.rawValue ?? "", image.split?.rawValue ?? ""],
        masks: exported.masks.count, isUnstated: exported.isUnstated, problems: exported.problems)
    } catch {
      return Result(problems: [
        ArchiveProblem(.undecodableImage, path: image.path, message: "\(error.text); left out")
      ])
    }
  }
}
