import DICOM
package import FoundationEssentials

/// A result as another object refers to it that takes its place.
package struct ReplacedResult: Sendable, Hashable, Codable {
  /// `overlay`, `segmentation` ...
  package let kind: String
  package let sopClassUID: String
  package let sopInstanceUID: String
  package let studyInstanceUID: String
  package let seriesInstanceUID: String

  package init(
    kind: String, sopClassUID: String, sopInstanceUID: String, studyInstanceUID: String,
    seriesInstanceUID: String
  ) {
    self.kind = kind
    self.sopClassUID = sopClassUID
    self.sopInstanceUID = sopInstanceUID
    self.studyInstanceUID = studyInstanceUID
    self.seriesInstanceUID = seriesInstanceUID
  }

  /// What a result's file says of itself; nil where it isn't a DICOM object.
  package init?(kind: String, ofFileAt url: URL) {
    guard let dataSet = try? DICOMFile.header(of: url) else { return nil }
    self.init(kind: kind, dataSet)
  }

  /// What an object that is written says of itself.
  init(kind: String, _ dataSet: DataSet) {
    func uid(_ tag: Tag) -> String { dataSet.string(tag) ?? "" }
    self.init(
      kind: kind, sopClassUID: uid(.sopClassUID), sopInstanceUID: uid(.sopInstanceUID),
      studyInstanceUID: uid(.studyInstanceUID), seriesInstanceUID: uid(.seriesInstanceUID))
  }

  /// Nil where one of them is no UID: written by a program that didn't note how to refer to it.
  var object: ReplacedObject? {
    guard let sopClass = UID(sopClassUID), let instance = UID(sopInstanceUID),
      let study = UID(studyInstanceUID), let series = UID(seriesInstanceUID)
    else { return nil }
    return ReplacedObject(
      sopClassUID: sopClass, sopInstanceUID: instance, studyInstanceUID: study, seriesInstanceUID: series)
  }
}
