import Analysis
import Files
import Foundation
import Testing

@Suite("report.csv on disk")
struct ReportFileTests {
  private let folder: URL
  private var url: URL { folder.appending(path: "report.csv") }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "report-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func row(_ uid: String, seconds: Double = 1) -> ReportRow {
    var identity = ImageIdentity()
    identity.sopInstanceUID = uid
    return ReportRow(identity: identity, status: .analysed, analysedAt: "now", seconds: seconds)
  }

  private var text: String { (try? String(contentsOf: url, encoding: .utf8)) ?? "" }

  @Test("a new report has the header; rows go behind what is there")
  func appending() throws {
    try ReportFile(at: url).append(row("1.1"))
    try ReportFile(at: url).append(row("1.2"))
    #expect(text == ReportCSV.header + ReportCSV.record(row("1.1")) + ReportCSV.record(row("1.2")))
  }

  @Test("a half row that a crash left is cut off", arguments: [1, 7, 30])
  func halfRow(bytes: Int) throws {
    try ReportFile(at: url).append(row("1.1"))
    let whole = text
    try (whole + String(ReportCSV.record(row("1.2")).prefix(bytes))).write(
      to: url, atomically: true, encoding: .utf8)
    try ReportFile(at: url).append(row("1.3"))
    #expect(text == whole + ReportCSV.record(row("1.3")))
  }

  @Test("a half header that a crash left is completed")
  func halfHeader() throws {
    try String(ReportCSV.header.prefix(40)).write(to: url, atomically: true, encoding: .utf8)
    try ReportFile(at: url).append(row("1.1"))
    #expect(text == ReportCSV.header + ReportCSV.record(row("1.1")))
  }

  @Test("a file that isn't a report is left alone")
  func foreign() throws {
    try "my,own,table\n1,2,3\n".write(to: url, atomically: true, encoding: .utf8)
    #expect(throws: WriteFailure.self) { try ReportFile(at: url) }
    #expect(try ReportFile(ifReportAt: url) == nil)
    #expect(text == "my,own,table\n1,2,3\n")
    let folder = folder.appending(path: "folder.csv")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    #expect(throws: WriteFailure.self) { try ReportFile(at: folder) }
  }

  @Test("a link that leads nowhere makes no file")
  func danglingLink() throws {
    let target = folder.appending(path: "elsewhere.csv")
    try FileManager.default.createSymbolicLink(at: url, withDestinationURL: target)
    #expect(throws: WriteFailure.self) { try ReportFile(at: url) }
    #expect(!FileManager.default.fileExists(atPath: target.path))
  }

  @Test("one of an earlier version, which had no column for notes, is written anew")
  func earlier() throws {
    let header = ReportCSV.header.replacing(",notes", with: "")
    try header.write(to: url, atomically: true, encoding: .utf8)
    #expect(try ReportFile.look(url) == .earlierReport)
    try #require(try ReportFile(ifReportAt: url)).append(row("1.1"))
    #expect(text == ReportCSV.header + ReportCSV.record(row("1.1")))
  }

  @Test("rows of an earlier run give way to those of the same images")
  func merge() throws {
    let nameless = ReportRow.refused(.rejected, code: "not_dicom", file: "a, \"b\".txt")
    var report = try ReportFile(at: url)
    for earlier in [row("1.1"), row("1.2"), nameless] { try report.append(earlier) }
    let length = report.length
    report = try ReportFile(at: url)
    let newer = [row("1.2", seconds: 2), nameless]
    for row in newer { try report.append(row) }
    try ReportMerge.dropSuperseded(in: url, before: length, by: Set(newer.map(ReportMerge.key)))
    #expect(text == ReportCSV.header + ([row("1.1")] + newer).map { ReportCSV.record($0) }.joined())
  }
}
