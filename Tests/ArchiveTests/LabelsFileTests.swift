import Archive
import Foundation
import TestSupport
import Testing

@Suite("labels.csv")
struct LabelsFileTests {
  struct Good: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String
    var testDescription: String { name }
  }

  static let good = [
    Good(name: "as documented", text: "SOPInstanceUID,PatientID,Finding,Split\n1.2,P,pneumonia,val\n"),
    Good(name: "another order", text: "Split,Finding,SOPInstanceUID,PatientID\nval,pneumonia,1.2,P\n"),
    Good(
      name: "extra columns",
      text: "Age,SOPInstanceUID,PatientID,Note,Finding,Split\n4,1.2,P,x,pneumonia,val\n"),
    Good(name: "CRLF", text: "SOPInstanceUID,PatientID,Finding,Split\r\n1.2,P,pneumonia,val\r\n"),
    Good(
      name: "byte order mark", text: "\u{FEFF}SOPInstanceUID,PatientID,Finding,Split\n1.2,P,pneumonia,val"),
    Good(
      name: "quoted fields",
      text: "\"SOPInstanceUID\",\"PatientID\",Finding,Split\n\"1.2\",\"P\", \"pneumonia\" ,\"val\"\n"),
    Good(
      name: "quoted comma, quote and line end in an extra column",
      text: "SOPInstanceUID,Note,PatientID,Finding,Split\n1.2,\"a, \"\"b\"\"\nc\",P,pneumonia,val\n"),
    Good(
      name: "blanks and case", text: "sopinstanceuid, PATIENTID ,finding,split\n 1.2 ,P, Pneumonia ,VAL\n"),
    Good(name: "blank lines", text: "\nSOPInstanceUID,PatientID,Finding,Split\n\n1.2,P,pneumonia,val\n\n"),
    Good(name: "old Mac line ends", text: "SOPInstanceUID,PatientID,Finding,Split\r1.2,P,pneumonia,val\r"),
  ]

  @Test("reads", arguments: good)
  func reads(_ row: Good) throws {
    let file = try LabelsFile(parsing: row.text, path: "labels.csv")
    #expect(file.problems == [])
    let label = try #require(file.labels.first)
    #expect(file.labels.count == 1)
    #expect(label.sopInstanceUID == "1.2")
    #expect(label.patientID == "P")
    #expect(label.finding == .pneumonia)
    #expect(label.split == .val)
  }

  @Test("a missing Split column, empty fields")
  func missingSplit() throws {
    let file = try LabelsFile(parsing: "SOPInstanceUID,PatientID,Finding\n1,P,\n2,,normal\n", path: "l")
    #expect(file.labels.map(\.split) == [nil, nil])
    #expect(file.labels.map(\.finding) == [nil, .normal])
    #expect(file.labels.map(\.patientID) == ["P", nil])
    #expect(file.problems == [])
  }

  @Test("unknown words are problems with the line and a count")
  func unknownWords() throws {
    let text = """
      SOPInstanceUID,PatientID,Finding,Split
      1,P,covid,train
      2,P,normal,holdout
      3,P,covid,val
      4,P,tuberculosis,val
      """
    let file = try LabelsFile(parsing: text, path: "labels.csv")
    #expect(file.labels.map(\.finding) == [nil, .normal, nil, nil])
    #expect(file.labels.map(\.split) == [.train, nil, .val, .val])
    #expect(file.problems.map(\.kind) == [.unknownFinding, .unknownSplit])
    #expect(file.problems.map(\.line) == [2, 3])
    #expect(file.problems.map(\.count) == [3, 1])
    let said = file.problems.map(\.description).joined(separator: "\n")
    #expect(said.hasPrefix("labels.csv:2: unknown finding in column 3; use normal, pneumonia"))
    // It may be a remark on a patient.
    #expect(!said.contains("covid") && !said.contains("holdout"))
  }

  @Test("rows that aren't rows are left out and counted; lines are those of the file")
  func malformedRows() throws {
    let text = "SOPInstanceUID,Note,Finding\n1,\"two\nlines\",normal\n2,normal\n,x,normal\n3,\"x,normal\n"
    let file = try LabelsFile(parsing: text, path: "labels.csv")
    #expect(file.labels.map(\.sopInstanceUID) == ["1"])
    #expect(file.problems.allSatisfy { $0.kind == .malformedLabel })
    #expect(file.problems.map(\.line) == [4, 5, 6])
  }

  @Test("the first of two labels for an image counts")
  func duplicates() throws {
    let text = "SOPInstanceUID,Finding\n1,normal\n1,pneumonia\n2,normal\n1,normal\n"
    let file = try LabelsFile(parsing: text, path: "labels.csv")
    #expect(file.labels.map(\.finding) == [.normal, .normal])
    #expect(file.problems.map(\.kind) == [.duplicateLabel])
    #expect(file.problems.first?.line == 3)
    #expect(file.problems.first?.count == 2)
  }

  @Test(
    "headers that don't do",
    arguments: [
      "", "PatientID,Finding,Split\nP,normal,val\n", "SOPInstanceUID,PatientID\n1,P\n",
      "SOPInstanceUID,Finding,Finding\n1,normal,normal\n", "1.2.3,P,normal,train\n",
    ])
  func badHeaders(_ text: String) {
    #expect { try LabelsFile(parsing: text, path: "labels.csv") } throws: { error in
      guard case .labelsUnusable(path: "labels.csv", _)? = error as? ArchiveError else { return false }
      return true
    }
  }

  @Test("a file that isn't there, or isn't text")
  func unreadable() throws {
    let folder = PhantomFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: folder) }
    let missing = folder.appending(path: "none.csv")
    #expect(throws: ArchiveError.labelsMissing(path: missing.path)) { try LabelsFile(reading: missing) }
    let binary = folder.appending(path: "binary.csv")
    try Data([0x53, 0xFF, 0xFE, 0x00]).write(to: binary)
    #expect { try LabelsFile(reading: binary) } throws: { "\($0)".contains("UTF-8") }
  }
}
