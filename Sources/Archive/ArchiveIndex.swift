internal import Files
import FoundationEssentials

public import struct Foundation.URL

/// What is in an archive of DICOM files: the radiographs, their labels and lung masks.
///
/// Built by reading headers only. Any file name and any folder structure will do; what isn't DICOM is
/// counted and otherwise ignored, as are lateral views, CT, reports and this program's own results.
public struct ArchiveIndex: Sendable, Codable, Equatable {
  /// How many files of which kind a scan met.
  public struct Counts: Sendable, Codable, Equatable {
    /// All regular files under the root.
    public internal(set) var files = 0
    public internal(set) var radiographs = 0
    /// Lung segmentations that belong to a radiograph of the archive.
    public internal(set) var masks = 0
    /// Files that aren't DICOM.
    public internal(set) var notDICOM = 0
    /// DICOM objects that aren't frontal chest radiographs or lung masks, by reason.
    public internal(set) var otherObjects: [String: Int] = [:]
    /// Headers read in this scan; the others were known from the last one.
    public internal(set) var headersRead = 0
  }

  /// The radiographs, sorted by path.
  public internal(set) var images: [ArchiveImage]
  public internal(set) var problems: [ArchiveProblem]
  public internal(set) var counts: Counts
  /// SHA-256 (hexadecimal) over path, UID, size, finding, split and masks of each image, sorted by path: the
  /// name of a training set, the same on every machine.
  public internal(set) var digest: String
  /// SHA-256 over what decides the pixels of images and masks (path, size, modification time), but not over
  /// labels: what is derived from pixels stays good when labels change.
  public let pixelDigest: String

  /// Scans a directory tree.
  /// - Parameters:
  ///   - directory: the archive root.
  ///   - labels: a labels.csv; nil takes `labels.csv` in the root if there's one.
  ///   - saved: where the headers of the last scan are kept; nil reads all headers and keeps nothing. A
  ///     file of unchanged path, size and modification time isn't read again.
  ///   - threads: how many threads read; nil takes one for each processor.
  ///   - progress: called on the calling thread with files done and files in all.
  /// - Throws: ``ArchiveError`` when the root or the labels can't be used at all; what concerns single files
  ///   or rows is in ``problems``.
  public init(
    scanning directory: URL, labels: URL? = nil, saved: URL? = nil, threads: Int? = nil,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(ArchiveError) {
    let tree = try ArchiveTree(root: directory)
    let labelsFile = try Self.labels(labels, root: directory)
    var scan = ArchiveScan(tree: tree, root: directory, saved: saved)
    scan.readHeaders(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, progress: progress)
    scan.save()
    var assembly = ArchiveAssembly(records: scan.records)
    if let labelsFile { assembly.apply(labelsFile) }

    images = assembly.images
    problems = tree.problems + scan.problems + assembly.problems
    counts = assembly.counts
    counts.headersRead = scan.headersRead
    pixelDigest = assembly.pixelDigest
    digest = Self.digest(of: assembly.images)
  }

  /// An index of several archives' images.
  init(joining archives: [ArchiveIndex], images: [ArchiveImage], problems: [ArchiveProblem]) {
    self.images = images
    self.problems = problems
    counts = Counts()
    counts.radiographs = images.count
    counts.masks = images.reduce(0) { $0 + $1.masks.count }
    for archive in archives {
      counts.files += archive.counts.files
      counts.notDICOM += archive.counts.notDICOM
      counts.headersRead += archive.counts.headersRead
      counts.otherObjects.merge(archive.counts.otherObjects, uniquingKeysWith: +)
    }
    pixelDigest = ContentDigest(of: archives.map(\.pixelDigest).sorted().joined(separator: "\t")).description
    digest = Self.digest(of: images)
  }

  /// The labels file that a scan takes when none is named; nil where the root has none.
  public static func ownLabels(in root: URL) -> URL? {
    let own = root.appending(path: "labels.csv")
    return FileManager.default.fileExists(atPath: own.path) ? own : nil
  }

  private static func labels(_ labels: URL?, root: URL) throws(ArchiveError) -> LabelsFile? {
    if let labels { return try LabelsFile(reading: labels) }
    guard let own = ownLabels(in: root) else { return nil }
    return try LabelsFile(reading: own)
  }

  /// The images of one split, in the order of ``images``.
  public func split(_ split: Split) -> [ArchiveImage] { images.filter { $0.split == split } }

  /// The positions in ``images`` of one split, as ``ImageCache`` counts them.
  public func indices(of split: Split) -> [Int] { images.indices.filter { images[$0].split == split } }
}
