internal import DICOM
internal import FoundationEssentials

/// One picture on its way into an archive.
struct PictureImport: Sendable {
  static let imageEnding = ".dcm"
  static let maskEnding = ".seg.dcm"

  /// Below the folder of pictures.
  let path: String
  let row: ImportTable.Row?
  /// Below the folder of masks.
  let mask: String?
  /// Of its objects, below the archive's root.
  let name: String

  /// What became of it.
  struct Result: Sendable {
    var isWritten = false
    var hasMask = false
    /// Its row of `labels.csv`; a lateral view has none.
    var label: [String]?
    var problems: [ArchiveProblem] = []
  }

  func written(to archive: NewArchive, images: URL, masks: URL) -> Result {
    var result = Result()
    do throws(PictureProblem) {
      let study = try ImportedStudy(path, row, GreyPicture.bytes(of: path, below: images))
      try study.write(to: archive.url(name + Self.imageEnding))
      result.isWritten = true
      if row?.isLateral != true {
        result.label = [
          study.sopInstanceUID, study.patientID, row?.finding?.rawValue ?? "", row?.split?.rawValue ?? "",
        ]
      }
      guard let mask else { return result }
      do throws(PictureProblem) {
        let bytes = try GreyPicture.bytes(of: mask, below: masks)
        try study.write(mask: bytes, to: archive.url(name + Self.maskEnding))
        result.hasMask = true
      } catch {
        result.problems = [
          ArchiveProblem(.undecodableMask, path: path, message: "its mask \(error.text); left out")
        ]
      }
    } catch {
      result.problems = [ArchiveProblem(.undecodableImage, path: path, message: "\(error.text); left out")]
    }
    return result
  }
}
