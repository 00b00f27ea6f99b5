import Analysis
import DICOM
import Files
import Testing

@Suite("Rows and records of report.csv")
struct ReportRowTests {
  private func row(_ change: (inout ReportRow) -> Void = { _ in }) -> ReportRow {
    var identity = ImageIdentity()
    identity.studyInstanceUID = "1.2.3"
    identity.seriesInstanceUID = "1.2.3.4"
    identity.sopInstanceUID = "1.2.3.4.5"
    identity.patientID = "P1"
    var row = ReportRow(identity: identity, status: .analysed, analysedAt: "2025-11-23T07:00:00Z")
    change(&row)
    return row
  }

  @Test("the header is the contract")
  func header() {
    #expect(
      ReportCSV.header
        == "study_instance_uid,series_instance_uid,sop_instance_uid,accession_number,patient_id,study_date,"
        + "view_position,status,reason,pneumonia_probability,finding,lung_fraction,lung_area_mm2,model,"
        + "model_sha256,analysed_at,seconds,outputs,notes\r\n")
  }

  @Test("an analysed row has its figures with fixed decimals, and its outputs joined")
  func analysed() {
    let row = row {
      $0.pneumoniaProbability = 0.93126
      $0.finding = "pneumonia"
      $0.lungFraction = 0.3
      $0.lungArea = 41234.56
      $0.model = "multimix 1.0"
      $0.modelSHA256 = "ab"
      $0.seconds = 1.23456
      $0.outputs = ["a.dcm", "a.png"]
      $0.notes = ["no_window", "righted"]
    }
    #expect(
      ReportCSV.record(row)
        == "1.2.3,1.2.3.4,1.2.3.4.5,,P1,,,analysed,,0.9313,pneumonia,0.3000,41234.6,multimix 1.0,ab,"
        + "2025-11-23T07:00:00Z,1.235,a.dcm;a.png,no_window;righted\r\n")
  }

  @Test("what isn't known or isn't finite stays empty", arguments: [nil, Double.nan, .infinity])
  func absent(figure: Double?) {
    let fields = row { $0.pneumoniaProbability = figure }.fields
    #expect(fields[9] == "")
    #expect(fields.count == ReportRow.header.count)
  }

  @Test("small figures have no exponent, and rounding carries over the point")
  func decimals() {
    #expect(row { $0.pneumoniaProbability = 0.00001 }.fields[9] == "0.0000")
    #expect(row { $0.pneumoniaProbability = 0.99996 }.fields[9] == "1.0000")
    #expect(row { $0.seconds = 12.0005 }.fields[16] == "12.001")
  }

  @Test(
    "fields are quoted as RFC 4180 asks",
    arguments: [
      ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), (" a", "\" a\""), ("Mü^Ö", "Mü^Ö"), ("a\r\nb", "a  b"),
    ])
  func quoting(field: String, written: String) {
    #expect(ReportCSV.record(row { $0.finding = field }).contains(",\(written),"))
  }

  @Test(
    "a field can't become a formula in a spreadsheet",
    arguments: [
      ("=1+1", "'=1+1"), ("+49", "'+49"), ("-2", "'-2"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "' =1"),
      ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
    ])
  func formulas(field: String, written: String) {
    #expect(ReportCSV.record(row { $0.finding = field }).contains(",\(written),"))
    #expect(ReportCSV.record(row { $0.identity.viewPosition = field }).contains(",\(written),"))
  }

  @Test(
    "what programs find a patient or a request by is as the image has it",
    arguments: ["=1+1", "+4912", "-002", "@x", "'=1", "00123", "1E5"])
  func identifiers(value: String) throws {
    let record = ReportCSV.record(
      row {
        $0.identity.patientID = value
        $0.identity.accessionNumber = value
      })
    let fields = try #require(CommaSeparatedValues(record).records.first?.fields)
    #expect(fields[3] == value && fields[4] == value)
  }

  @Test("a refusal names the file only where no UID names the image")
  func refusal() {
    var named = row()
    named.refuse(.rejected, code: "truncated", file: "in/a.dcm")
    #expect(named.reason == "truncated")
    let nameless = ReportRow.refused(.rejected, code: "not_dicom", file: "in/a.txt")
    #expect(nameless.reason == "not_dicom: in/a.txt")
    #expect(nameless.reasonCode == "not_dicom")
    #expect(nameless.fields[7] == "rejected")
  }

  @Test("a second file with the same UID gets names of its own and a note")
  func copies() {
    var row = row {
      $0.outputs = ["1.2.3.4.5.overlay.dcm", "1.2.3.4.5.png"]
      $0.notes = ["no_window"]
    }
    row.note(copy: 2)
    #expect(row.outputs == ["1.2.3.4.5-2.overlay.dcm", "1.2.3.4.5-2.png"])
    #expect(row.notes == ["no_window", "duplicate_sop_instance_uid"] && row.reason == "")
  }

  @Test(
    "a UID becomes a file name that can't leave its folder",
    arguments: [
      ("1.2.840.1", "1.2.840.1"), ("../../etc/passwd", "_.._etc_passwd"), ("", "unnamed"), ("..", "unnamed"),
      ("a b\0c", "a_b_c"), ("ü", "_"),
    ])
  func names(uid: String, name: String) {
    #expect(ResultFiles.name(for: uid) == name)
  }
}

@Suite("Identity in the report")
struct ImageIdentityTests {
  @Test("identifying values stand as the file writes them, a date in DICOM's shape")
  func unshortened() {
    var dataSet = DataSet()
    let accession = String(repeating: "A", count: 30)
    dataSet[.accessionNumber] = DataElement(.accessionNumber, .SH, .text(accession))
    dataSet[.patientID] = DataElement(.patientID, .LO, .text(String(repeating: "1", count: 70)))
    dataSet[.studyInstanceUID] = DataElement(.studyInstanceUID, .UI, .text("1.2.0099.7"))
    for (date, expected) in [("2024-01-15", "20240115"), ("20240115", "20240115"), ("unknown", "unknown")] {
      dataSet[.studyDate] = DataElement(.studyDate, .DA, .text(date))
      #expect(ImageIdentity(dataSet).studyDate == expected)
    }
    let identity = ImageIdentity(dataSet)
    #expect(identity.accessionNumber == accession && identity.patientID.count == 70)
    #expect(identity.studyInstanceUID == "1.2.0099.7")
  }

  @Test(
    "of several values none is taken for the patient's, the request's or the study's",
    arguments: ["1234\\5678", "\\X2", "1\\"])
  func several(text: String) {
    var dataSet = DataSet()
    dataSet[.accessionNumber] = DataElement(.accessionNumber, .SH, .text(text))
    dataSet[.patientID] = DataElement(.patientID, .LO, .text(text))
    dataSet[.studyInstanceUID] = DataElement(.studyInstanceUID, .UI, .text(text))
    dataSet[.studyDate] = DataElement(.studyDate, .DA, .text("20240115\\20240116"))
    let identity = ImageIdentity(dataSet)
    #expect(identity.patientID == text && identity.accessionNumber == text)
    #expect(identity.studyInstanceUID == text && identity.studyDate == "20240115\\20240116")
  }
}
