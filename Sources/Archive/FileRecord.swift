/// What the header of one file of an archive says, as far as the index needs it; kept between runs.
struct FileRecord: Sendable, Codable, Equatable {
  var path: String
  var size: Int
  var modified: Int
  var content: Content

  enum Content: Sendable, Codable, Equatable {
    case image(ImageHeader)
    case lungMask(MaskHeader)
    /// DICOM, but no radiograph to learn from; the reason is a stable code.
    case other(reason: String)
    case notDICOM
    case unreadable(message: String)
  }

  struct ImageHeader: Sendable, Codable, Equatable {
    var sopInstanceUID, studyInstanceUID, seriesInstanceUID, patientID: String
    var rows, columns: Int
    var traits: ImageTraits
  }

  struct MaskHeader: Sendable, Codable, Equatable {
    var sopInstanceUID: String
    /// SOP Instance UIDs of the images it may belong to.
    var references: [String]
    var rows, columns: Int
  }

  func matches(_ file: ArchiveTree.File) -> Bool { size == file.size && modified == file.modified }
}
