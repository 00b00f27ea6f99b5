/// Something in an archive that was noticed and worked around: a file that can't be read, a label without
/// an image. It names files, line numbers and UIDs, and nothing that stands in them.
public struct ArchiveProblem: Hashable, Sendable, Codable, CustomStringConvertible {
  /// What kind of thing went wrong; a stable code for reports.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// A folder that can't be listed.
    case unreadableFolder = "unreadable_folder"
    /// A file that can't be opened or is DICOM but damaged.
    case unreadableFile = "unreadable_file"
    /// A symbolic link to nothing.
    case brokenLink = "broken_link"
    /// A second file with the same SOP Instance UID; the first by path is kept.
    case duplicateInstance = "duplicate_instance"
    /// A radiograph without a UID or without rows and columns.
    case incompleteHeader = "incomplete_header"
    /// A lung segmentation whose image isn't in the archive.
    case maskWithoutImage = "mask_without_image"
    /// A lung segmentation whose rows and columns differ from its image's; left out.
    case maskSizeMismatch = "mask_size_mismatch"
    /// Several lung segmentations for one image; their union is used.
    case severalMasks = "several_masks"
    case unknownFinding = "unknown_finding"
    case unknownSplit = "unknown_split"
    /// A row of labels.csv that isn't a row: wrong number of fields, no UID, a broken quote.
    case malformedLabel = "malformed_label"
    case labelWithoutImage = "label_without_image"
    case duplicateLabel = "duplicate_label"
    /// The PatientID beside a label isn't the one in the image.
    case patientMismatch = "patient_mismatch"
    case patientInSeveralSplits = "patient_in_several_splits"
    /// An image whose pixels can't be decoded; the cache leaves it out.
    case undecodableImage = "undecodable_image"
    /// A mask whose pixels can't be decoded or that is empty; the image is kept without it.
    case undecodableMask = "undecodable_mask"
    /// An instance that several archives hold; it counts once.
    case instanceInSeveralArchives = "instance_in_several_archives"
    /// An instance that two archives label differently; it counts as unlabelled.
    case contradictoryFinding = "contradictory_finding"
    /// An instance that has another Patient ID in another archive; both count as one patient.
    case contradictoryPatient = "contradictory_patient"
    /// An instance whose picture or lung mask is another in another archive.
    case contradictoryPixels = "contradictory_pixels"
    /// A picture that another archive holds as another instance; both count as one patient's.
    case samePicture = "same_picture"
    /// Images that one archive trains on and whose patient another holds out; they are held out here too.
    case heldOutElsewhere = "held_out_elsewhere"
    /// The index couldn't be saved for the next run.
    case notSaved = "not_saved"
  }

  public let kind: Kind
  /// The file or folder, relative to the archive root where it lies inside; "" where there's none.
  public let path: String
  /// The line of the labels file (1 is the header), where it is about one.
  public let line: Int?
  /// How many times it occurs; `path` and `line` then are of the first.
  public let count: Int
  /// What is wrong and what was done about it.
  public let message: String

  public init(_ kind: Kind, path: String, line: Int? = nil, count: Int = 1, message: String) {
    self.kind = kind
    self.path = path
    self.line = line
    self.count = count
    self.message = message
  }

  /// One line: where, what, how often.
  public var description: String {
    var place = path
    if let line { place += place.isEmpty ? "line \(line)" : ":\(line)" }
    let times = count > 1 ? " (\(count) times; this is the first)" : ""
    return place.isEmpty ? message + times : "\(place): \(message)\(times)"
  }
}
