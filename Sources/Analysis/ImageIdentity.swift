public import DICOM

/// What names an image in the report: as it came, where the standard allows one value and there are several these joined by
/// backslashes. Empty strings where the file tells nothing.
public struct ImageIdentity: Sendable, Hashable, Codable {
  public var studyInstanceUID = ""
  public var seriesInstanceUID = ""
  public var sopInstanceUID = ""
  public var accessionNumber = ""
  public var patientID = ""
  /// DICOM date, `YYYYMMDD`, also where the file writes it in another shape; as in the file where it is no date.
  public var studyDate = ""
  /// `PA`, `AP`, `LL` ... as the file says.
  public var viewPosition = ""

  /// Nothing is known.
  public init() {}

  /// The identity that a data set states.
  public init(_ dataSet: DataSet) {
    studyInstanceUID = dataSet.whole(.studyInstanceUID) ?? ""
    seriesInstanceUID = dataSet.whole(.seriesInstanceUID) ?? ""
    sopInstanceUID = dataSet.whole(.sopInstanceUID) ?? ""
    accessionNumber = dataSet.whole(.accessionNumber) ?? ""
    patientID = dataSet.whole(.patientID) ?? ""
    let date = dataSet.whole(.studyDate) ?? ""
    studyDate = date.contains("\\") ? date : DateShape.date(date) ?? date
    viewPosition = dataSet.whole(.viewPosition) ?? ""
  }

  enum CodingKeys: String, CodingKey {
    case studyInstanceUID = "study_instance_uid"
    case seriesInstanceUID = "series_instance_uid"
    case sopInstanceUID = "sop_instance_uid"
    case accessionNumber = "accession_number"
    case patientID = "patient_id"
    case studyDate = "study_date"
    case viewPosition = "view_position"
  }
}
