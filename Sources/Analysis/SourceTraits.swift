import DICOM

/// What of an image decides where its results go, as its file says; empty where it tells nothing.
package struct SourceTraits: Sendable, Hashable, Codable {
  package var bodyPart = ""
  package var view = ""
  package var modality = ""
  package var station = ""
  package var institution = ""
  package var department = ""
  package var description = ""

  package init() {}

  init(_ dataSet: DataSet) {
    func text(_ tag: Tag) -> String { dataSet.string(tag) ?? "" }
    bodyPart = text(.bodyPartExamined)
    view = text(.viewPosition)
    modality = text(.modality)
    station = text(.stationName)
    institution = text(.institutionName)
    department = text(.institutionalDepartmentName)
    description = text(.studyDescription)
  }
}
