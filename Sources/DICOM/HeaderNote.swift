/// How an identifying value of the source had to be changed, so that a result that carries it is valid. The report
/// has the value as the source wrote it.
public struct HeaderNote: Hashable, Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    /// Cut to what the representation holds: an accession number of more than 16 characters, a name of more than 64.
    case shortened
    /// The same in the standard's shape: "2024-01-15" as 20240115, a UID without its leading zeros.
    case normalised
    /// Not understood, and left empty.
    case leftOut = "left_out"
    /// A UID that is none or missing; a derived one stands for it in results.
    case replaced
  }

  public let kind: Kind
  public let tag: Tag

  public init(_ kind: Kind, _ tag: Tag) {
    self.kind = kind
    self.tag = tag
  }

  /// Short coded reason for reports, such as `accession_number_shortened`.
  public var code: String { "\(Self.names[tag]?.code ?? "attribute")_\(kind.rawValue)" }

  /// The attribute's keyword (PS3.6), such as `AccessionNumber`.
  public var keyword: String { Self.names[tag]?.keyword ?? "" }

  /// One line for people, without the value.
  public var description: String {
    switch kind {
    case .shortened: "\(keyword) shortened in the result"
    case .normalised: "\(keyword) brought into the standard's shape in the result"
    case .leftOut: "\(keyword) isn't understood and left empty in the result"
    case .replaced: "\(keyword) is no UID or missing; the result has a derived one"
    }
  }

  /// The attributes that identify; others are left out of a result where they are invalid.
  static let names: [Tag: (code: String, keyword: String)] = [
    .patientName: ("patient_name", "PatientName"), .patientID: ("patient_id", "PatientID"),
    .issuerOfPatientID: ("issuer_of_patient_id", "IssuerOfPatientID"),
    .patientBirthDate: ("patient_birth_date", "PatientBirthDate"),
    .patientBirthTime: ("patient_birth_time", "PatientBirthTime"), .patientSex: ("patient_sex", "PatientSex"),
    .studyDate: ("study_date", "StudyDate"), .studyTime: ("study_time", "StudyTime"),
    .studyID: ("study_id", "StudyID"), .accessionNumber: ("accession_number", "AccessionNumber"),
    .referringPhysicianName: ("referring_physician_name", "ReferringPhysicianName"),
    .studyDescription: ("study_description", "StudyDescription"),
    .studyInstanceUID: ("study_instance_uid", "StudyInstanceUID"),
    .seriesInstanceUID: ("series_instance_uid", "SeriesInstanceUID"),
    .sopInstanceUID: ("sop_instance_uid", "SOPInstanceUID"),
  ]
}
