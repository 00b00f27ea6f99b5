import DICOM
import FoundationEssentials
import Radiography

extension FileRecord {
  /// Reads the header of a file.
  init(reading file: ArchiveTree.File, root: URL) {
    path = file.path
    size = file.size
    modified = file.modified
    guard file.size > 132 else {
      content = .notDICOM
      return
    }
    do {
      content = try withArchiveFile(file.path, root: root) { (url) throws(DICOMReadError) in
        Content(try DICOMFile.header(of: url))
      }
    } catch {
      content = error.reason == .notDICOM ? .notDICOM : .unreadable(message: error.detail)
    }
  }
}

extension FileRecord.Content {
  init(_ header: DataSet) {
    if header.uid(.sopClassUID) == .segmentationStorage {
      self = Self.segmentation(header)
      return
    }
    switch Eligibility(header) {
    case .notAnalysed(let reason): self = .other(reason: reason.code)
    case .eligible:
      self = .image(
        FileRecord.ImageHeader(
          sopInstanceUID: header.string(.sopInstanceUID) ?? "",
          studyInstanceUID: header.string(.studyInstanceUID) ?? "",
          seriesInstanceUID: header.string(.seriesInstanceUID) ?? "",
          patientID: header.string(.patientID) ?? "",
          rows: header.integer(.rows) ?? 0, columns: header.integer(.columns) ?? 0,
          traits: ImageTraits(header)))
    }
  }

  /// A segmentation is a lung mask when a segment is a lung by its code or, for want of one, its label. What
  /// this program found itself is no ground truth.
  private static func segmentation(_ header: DataSet) -> Self {
    guard !Equipment.isOwnOutput(header) else { return .other(reason: "own_output") }
    guard header.items(.segmentSequence).contains(where: LungSegments.isLung) else {
      return .other(reason: "segmentation_without_lungs")
    }
    return .lungMask(
      FileRecord.MaskHeader(
        sopInstanceUID: header.string(.sopInstanceUID) ?? "",
        references: Segmentation.references(of: header).map(\.string),
        rows: header.integer(.rows) ?? 0, columns: header.integer(.columns) ?? 0))
  }
}
