import DICOM
import Foundation
import Testing

/// What identifies is carried into results, in a valid shape, with a note.
@Suite struct CarriedValueTests {
  private func result(_ change: (inout DataSet) -> Void) throws -> (dataSet: DataSet, codes: [String]) {
    var source = Synthetic.radiograph(rows: 24, columns: 32, bits: 12)
    change(&source)
    let capture = try SecondaryCaptureTests.capture(of: source)
    return (capture.dataSet, capture.headerNotes.map(\.code))
  }

  private static func text(_ tag: DICOM.Tag, _ vr: VR, _ value: String) -> DataElement {
    DataElement(tag, vr, .text(value))
  }

  static let values: [(DICOM.Tag, VR, String, String, String)] = [
    (.accessionNumber, .SH, "12345678901234567", "1234567890123456", "accession_number_shortened"),
    (.accessionNumber, .SH, "A1\\B2", "A1", "accession_number_shortened"),
    (.accessionNumber, .SH, "A\u{01}1", "A 1", "accession_number_normalised"),
    (
      .studyID, .SH, String(repeating: "7", count: 20), String(repeating: "7", count: 16),
      "study_id_shortened"
    ),
    (
      .patientName, .PN, String(repeating: "N", count: 70) + "^A", String(repeating: "N", count: 64),
      "patient_name_shortened"
    ),
    (.patientName, .PN, "A^B^C^D^E^F^G", "A^B^C^D^E F G", "patient_name_normalised"),
    (.patientName, .PN, "A^B\\C^D", "A^B", "patient_name_shortened"),
    (.patientName, .PN, "A\u{07}B^C\n", "A B^C", "patient_name_normalised"),
    (
      .patientID, .LO, String(repeating: "1", count: 70), String(repeating: "1", count: 64),
      "patient_id_shortened"
    ),
    // The first of several may be another patient's.
    (.patientID, .LO, "12345\\67890", "12345 67890", "patient_id_normalised"),
    (.patientID, .LO, "12345\\", "12345", "patient_id_normalised"),
    (
      .patientID, .LO, String(repeating: "1", count: 40) + "\\" + String(repeating: "2", count: 40), "",
      "patient_id_left_out"
    ),
    // Text holds no zero bytes, though one that begins with them reads well.
    (.patientID, .LO, "\0\0AB", "AB", "patient_id_normalised"),
    (.patientID, .LO, "A\0B", "A B", "patient_id_normalised"),
    (.accessionNumber, .SH, "\\X2", "X2", "accession_number_shortened"),
    (.studyID, .SH, "7\\8", "7 8", "study_id_normalised"),
    (.patientSex, .CS, "m", "M", "patient_sex_normalised"),
    (.patientSex, .CS, "Female", "F", "patient_sex_normalised"),
    (.patientSex, .CS, "X", "", "patient_sex_left_out"),
    (.studyDate, .DA, "2024.01.15", "20240115", "study_date_normalised"),
    (.studyDate, .DA, "2024-01-15", "20240115", "study_date_normalised"),
    (.studyDate, .DA, "unknown", "", "study_date_left_out"),
    (.studyDate, .DA, "00000000", "", "study_date_left_out"),
    (.patientBirthDate, .DA, "15.01.1970", "19700115", "patient_birth_date_normalised"),
    (.patientBirthDate, .LO, "1970/01/15", "19700115", "patient_birth_date_normalised"),
    (.studyTime, .TM, "12:00:00", "120000", "study_time_normalised"),
    (
      .referringPhysicianName, .PN, String(repeating: "R", count: 65), String(repeating: "R", count: 64),
      "referring_physician_name_shortened"
    ),
  ]

  @Test(arguments: values)
  func carried(tag: DICOM.Tag, vr: VR, value: String, expected: String, code: String) throws {
    let (dataSet, codes) = try result { $0[tag] = Self.text(tag, vr, value) }
    #expect(dataSet.string(tag) ?? "" == expected)
    #expect(codes == [code])
  }

  @Test func noZeroByteIsWritten() throws {
    let dataSet = try result {
      $0[.patientID] = Self.text(.patientID, .LO, "\0\0AB")
      $0[.patientComments] = Self.text(.patientComments, .LT, "\0comment")
    }.dataSet
    #expect(dataSet[.patientID]?.value == .text("AB"))
    for element in dataSet.elements {
      guard case .text(let text) = element.value else { continue }
      #expect(!text.utf8.contains(0), "\(element)")
    }
  }

  @Test("a study that isn't one or isn't stated is noted as any other UID")
  func studies() throws {
    let several = "1.2.3\\1.2.4"
    let (dataSet, codes) = try result {
      $0[.studyInstanceUID] = Self.text(.studyInstanceUID, .UI, several)
    }
    // The first of several may be another study's.
    #expect(dataSet.uid(.studyInstanceUID) == UID(meantBy: several) && UID(several) == nil)
    #expect(codes == ["study_instance_uid_replaced"])
    let without = try result { $0.remove(.studyInstanceUID) }
    #expect(without.codes == ["study_instance_uid_replaced"])
    #expect(without.dataSet.uid(.studyInstanceUID) != nil)
  }

  @Test("what other languages than DICOM's are told is what the objects carry", arguments: values)
  func identity(tag: DICOM.Tag, vr: VR, value: String, expected: String, code: String) throws {
    var source = Synthetic.radiograph(rows: 24, columns: 32, bits: 12)
    source[tag] = Self.text(tag, vr, value)
    let identity = CarriedIdentity(of: source)
    let object = try SecondaryCaptureTests.capture(of: source).dataSet
    #expect(identity.notes.map(\.code) == [code])
    for tag in [tag, .patientID, .accessionNumber, .studyInstanceUID] {
      #expect(identity.dataSet.string(tag) == object.string(tag), "\(tag)")
    }
    #expect(identity.dataSet.uid(.sopInstanceUID) == source.uid(.sopInstanceUID))
    #expect(CarriedIdentity(of: DataSet()).dataSet.isEmpty)
  }

  @Test func validValuesHaveNoNote() throws {
    #expect(try result { _ in }.codes == [])
    let (dataSet, codes) = try result {
      $0.set(.accessionNumber, "1234567890123456")
      $0.set(.patientName, "Müller^Jörg=山田^太郎")
      $0.set(.specificCharacterSet, "ISO_IR 192")
    }
    #expect(codes == [] && dataSet.string(.accessionNumber) == "1234567890123456")
  }

  @Test func dates() {
    let dates: [(String, String?)] = [
      ("20240115", "20240115"), ("2024-01-15", "20240115"), ("2024.1.5", "20240105"),
      ("2024/01/15", "20240115"),
      ("15.01.2024", "20240115"), ("1.2.2024", "20240201"), ("15/01/2024", "20240115"),
      ("01/15/2024", "20240115"),
      ("01/02/2024", nil), ("02/02/2024", "20240202"), ("15-JAN-2024", "20240115"),
      ("2024-01-15T10:11:12", "20240115"),
      ("20240115101112", "20240115"), ("2024-01-15 10:11", "20240115"), ("20240231", nil),
      ("2024-13-01", nil),
      ("32.01.2024", nil), ("240115", nil), ("", nil), ("unknown", nil), ("2024", nil), ("15.01.24", nil),
    ]
    for (text, date) in dates { #expect(DateShape.date(text) == date, "\(text)") }
    let times: [(String, String?)] = [
      ("120000", "120000"), ("12:00:00", "120000"), ("9:05", "0905"), ("12.30.45", "123045"),
      ("12:00:00.123456789", "120000.123456"),
      ("101112.5", "101112.5"), ("25:00:00", nil), ("9:345:10", nil), ("9:05:345", nil), ("noon", nil),
      ("", nil),
      ("101112.1234567", "101112.123456"),
    ]
    for (text, time) in times { #expect(DateShape.time(text) == time, "\(text)") }
  }

  @Test func uidsThatBreakARule() throws {
    #expect(UID(meantBy: "1.2.003.4")?.string == "1.2.3.4")
    #expect(UID(meantBy: " 1.2.0.00.4 ")?.string == "1.2.0.0.4")
    #expect(UID(meantBy: "1.2.3")?.string == "1.2.3")
    #expect(UID(meantBy: "") == nil && UID(meantBy: "  ") == nil)
    let long = "1." + String(repeating: "2", count: 66)
    for text in [long, "1.2.abc.3", "1..2", "1.2/../../x"] {
      let uid = try #require(UID(meantBy: text))
      #expect(uid == UID(meantBy: text) && uid.string.hasPrefix("2.25."))
    }
    let (dataSet, codes) = try result {
      $0[.sopInstanceUID] = Self.text(.sopInstanceUID, .UI, "1.2.0099.7")
      $0[.studyInstanceUID] = Self.text(.studyInstanceUID, .UI, "1.2.abc.3")
    }
    #expect(dataSet.items(.sourceImageSequence).first?.string(.referencedSOPInstanceUID) == "1.2.99.7")
    #expect(dataSet.uid(.studyInstanceUID) == UID(meantBy: "1.2.abc.3"))
    #expect(Set(codes) == ["sop_instance_uid_normalised", "study_instance_uid_replaced"])
  }

  /// Whatever was repaired, the validator finds no error.
  @Test(.enabled(if: Tools.dciodvfy != nil, "needs dciodvfy (dicom3tools)"))
  func repairedResultsValidate() throws {
    let folder = try TemporaryFolder()
    var all = Synthetic.radiograph(rows: 24, columns: 32, bits: 12)
    for (tag, vr, value, _, _) in Self.values { all[tag] = Self.text(tag, vr, value) }
    all[.sopInstanceUID] = Self.text(.sopInstanceUID, .UI, "1.2.0099.7")
    all[.studyInstanceUID] = Self.text(
      .studyInstanceUID, .UI, "1.2.0003." + String(repeating: "4", count: 70))
    var turned = Synthetic.radiograph(rows: 24, columns: 32, bits: 12)
    turned.set(.patientOrientation, ["F", "R"])
    for (index, (source, orientation)) in [(all, nil), (turned, ["L", "F"]), (turned, [])].enumerated() {
      let capture = try SecondaryCapture(
        of: source, pictures: [SecondaryCaptureTests.picture()], equipment: SecondaryCaptureTests.equipment,
        identity: ResultIdentity(objectKind: "overlay", modelSHA256: "a", configurationDigest: "b"),
        seriesDescription: "Overlay", derivationDescription: "Drawn for a test",
        patientOrientation: orientation,
        createdAt: SecondaryCaptureTests.moment)
      #expect(
        capture.dataSet.strings(.patientOrientation) == orientation ?? source.strings(.patientOrientation))
      let url = folder.file("\(index).dcm")
      try capture.write(to: url)
      #expect(try Tools.errors(#require(Tools.dciodvfy), [url]) == [])
    }
  }
}
