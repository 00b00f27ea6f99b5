import Files
import Foundation
import TestSupport
import Testing

@Suite("Workbooks and keyed digests")
struct SpreadsheetTests {
  private static let python = TestEnvironment.python(importing: "openpyxl", "json")

  @Test(
    "another program reads every cell as text, as it was",
    .enabled(if: python != nil, "needs MMDICOM_PYTHON with openpyxl"))
  func cells() throws {
    let rows = [
      ["id", "text"] + (3...30).map { "column \($0)" },
      ["=1+1", "<a & \"b\">"] + [String](repeating: "", count: 27) + ["last"],
      ["0042", "+49"], ["-2", "@SUM(A1)"], ["2025-01-02", "1E5"], [" a ", "Mü\tx\u{1}y"], [],
      ["true", "#REF!"],
    ]
    let file = try TestEnvironment.temporaryFolder().appending(path: "a.xlsx")
    try Data(Spreadsheet.workbook(rows, sheet: "report & more")).write(to: file)
    let script = """
      import json, sys, zipfile, openpyxl
      assert zipfile.ZipFile(sys.argv[1]).testzip() is None
      sheet = openpyxl.load_workbook(sys.argv[1]).active
      assert sheet.title == "report & more"
      for row in sheet.iter_rows():
          for cell in row:
              assert cell.value is None or cell.data_type == "s", (cell, cell.data_type)
      print(json.dumps([[cell.value or "" for cell in row] for row in sheet.iter_rows()]))
      """
    let (status, said) = try TestEnvironment.run(#require(Self.python), ["-c", script, file.path])
    #expect(status == 0, "\(said)")
    let read = try JSONDecoder().decode([[String]].self, from: Data(said.utf8))
    for (index, row) in rows.enumerated() {
      let wanted = row.map { $0.replacing("\u{1}", with: "") }
      #expect(Array(read[index].prefix(row.count)) == wanted)
    }
  }

  @Test("as another program computes them, and what tells values apart")
  func digests() throws {
    #expect(KeyedDigest(key: Array("short".utf8)) == nil)
    let key = [UInt8](repeating: 0x0B, count: 32)
    let digest = try #require(KeyedDigest(key: key))
    let code = digest.code(of: "0042", for: "patient_id")
    #expect(code.utf8.count == 32 && code == digest.code(of: "0042", for: "patient_id"))
    #expect(code != digest.code(of: "0042", for: "accession_number"))
    #expect(code != digest.code(of: "42", for: "patient_id"))
    let other = try #require(KeyedDigest(key: key.map { $0 + 1 }))
    #expect(code != other.code(of: "0042", for: "patient_id"))
    // echo -ne 'patient_id\\00042' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0b0b...
    #expect(code == "deacebce27c20d2e81ac0ba63d335d66")
  }
}
