/// Whose and of which study a result is: the very values that result objects carry of their source, for results in other
/// languages than DICOM's. All results of an image name one patient, one request and one study.
public struct CarriedIdentity: Sendable {
  /// Patient and study attributes, and the UIDs of study, series and image; without what the source doesn't tell.
  public let dataSet: DataSet
  /// Which of the source's values had to be changed, and how.
  public let notes: [HeaderNote]

  public init(of source: DataSet) {
    let (elements, notes) = SourceAttributes.carry(source)
    var dataSet = DataSet(elements)
    for tag in [Tag.seriesInstanceUID, .sopInstanceUID] {
      if let uid = SourceAttributes.uid(tag, of: source) { dataSet.set(tag, uid) }
    }
    if let study = SourceAttributes.study(of: source) { dataSet.set(.studyInstanceUID, study) }
    self.dataSet = dataSet
    self.notes = notes
  }
}
