import Daemon
import Files
import Foundation
import Testing

@Suite("What the report says of patients")
struct PatientColumnsTests {
  private static let record =
    "1.1,2.1,3.1,A-17,=P-42,20251123,PA,rejected,not_dicom: in/DOE.dcm,,,,,m,ab,2026-01-02T03:04:05Z,0.1,,\r\n"

  private func fields(_ columns: PatientColumns, _ record: String = record) throws -> [String] {
    try #require(CommaSeparatedValues(columns.applied(to: record)).records.first?.fields)
  }

  private func digest(_ byte: UInt8) throws -> KeyedDigest {
    try #require(KeyedDigest(key: [UInt8](repeating: byte, count: 32)))
  }

  @Test func choices() throws {
    #expect(PatientColumns.kept.applied(to: Self.record) == Self.record)
    let none = try fields(.none)
    #expect(none[3...5] == ["", "", ""] && none[8] == "not_dicom" && none[2] == "3.1")
    let hash = try fields(.hash(digest(1)))
    #expect(hash[3].hasPrefix("hmac-") && hash[4].hasPrefix("hmac-") && hash[3] != hash[4])
    #expect(hash[5] == "20251123" && hash[8] == "not_dicom")
    #expect(try fields(.hash(digest(1)))[4] == hash[4])
    #expect(try fields(.hash(digest(2)))[4] != hash[4])
    // A code that a new ledger took over from a report stays what it is; nothing stays nothing.
    let again = CommaSeparatedValues.text([hash])
    #expect(try fields(.hash(digest(1)), again) == hash)
    #expect(try fields(.hash(digest(1)), Self.record.replacing("=P-42", with: ""))[4] == "")
    #expect(PatientColumns.hash(try digest(1)).fingerprint != PatientColumns.hash(try digest(2)).fingerprint)
  }

  @Test(arguments: [
    ("report_patients: hash", "report_key_file is missing"), ("report_patients: some", "report_patients"),
    ("report_patients: hash\nreport_key_file: ROOT/short", "less than 32 bytes"),
    ("report_patients: hash\nreport_key_file: ROOT/open", "everybody may read it"),
    ("report_patients: hash\nreport_key_file: ROOT/nowhere", "no such file"),
  ])
  func badKeys(text: String, complaint: String) async throws {
    let root = try TemporaryFolder()
    for (name, content, rights) in [
      ("short", "abc\n", 0o600), ("open", String(repeating: "a", count: 40), 0o644),
    ] {
      let file = try root.write(content, name)
      try FileManager.default.setAttributes([.posixPermissions: rights], ofItemAtPath: file.path)
    }
    let text = text.replacing("ROOT", with: root.url.path)
    let file = try root.write("inbox: \(root.url.path)/in\noutbox: \(root.url.path)/out\n\(text)\n", "c.yaml")
    await #expect {
      _ = try await DaemonConfiguration.read(file: file, environment: [:])
    } throws: { "\($0)".contains(complaint) }
  }
}
