import DICOM
import Foundation
import Radiography
import TestSupport
import Testing

/// Every pixel's brightness, held against pydicom's.
@Suite(
  "Display values",
  .enabled(if: TestEnvironment.python(importing: "pydicom") != nil, "needs MMDICOM_PYTHON with pydicom"))
struct DisplayValueTests {
  private static let script = TestEnvironment.packageRoot.appending(
    path: "Tests/Conformance/display_values.py")
  /// Ours are 32-bit.
  private static let bound = 2e-5

  @Test(
    "of every transfer syntax, depth, sign, interpretation, table and padding are pydicom's",
    .enabled(if: TestEnvironment.tool("dcmcjpeg") != nil, "needs dcmcjpeg (package dcmtk)"))
  func matrix() throws {
    let folder = try TestEnvironment.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let made = try Self.python(["matrix", folder.path])
    #expect(made.status == 0, "\(made.output)")
    let files = try Self.radiographs(below: folder)
    #expect(files.count == 3360)
    for file in try Self.read(files) {
      #expect(file.turning == .none && !file.isInvertedAnyway, "\(file.name)")
      #expect(try #require(file.difference) < Self.bound, "\(file.name)")
      #expect(file.unpadded == 0, "\(file.name)")
    }
  }

  /// All of them with MMDICOM_EVERY_RADIOGRAPH=1 (about five minutes), else one in forty.
  @Test(
    "of real radiographs are pydicom's",
    .enabled(if: SharedData.isPresent, "skipped: no ../shared/data (set MMDICOM_SHARED)"))
  func realRadiographs() throws {
    let all = try [SharedData.originals, SharedData.archive, SharedData.adults].flatMap(
      Self.radiographs(below:))
    let isWhole = ProcessInfo.processInfo.environment["MMDICOM_EVERY_RADIOGRAPH"] == "1"
    let chosen = isWhole ? all : all.indices.filter { $0.isMultiple(of: 40) }.map { all[$0] }
    let read = try Self.read(chosen)
    #expect(read.count > 100)
    for file in read {
      // Two implementations of the inverse cosine transformation may round differently, by one of 255 stored levels.
      let allowed = file.isCosineCoded ? 0.05 : Self.bound
      #expect(try #require(file.difference) < allowed, "\(file.name)")
      #expect(try 100 * #require(file.unpadded) < file.count, "\(file.name)")
    }
    // A tag that lies is believed by pydicom.
    #expect(read.count(where: \.isInvertedAnyway) <= 1)
  }

  private struct Compared {
    let name: String
    let turning: Turning
    /// The picture contradicted its photometric interpretation.
    let isInvertedAnyway: Bool
    let isCosineCoded: Bool
    /// The largest; nil where sizes or padding differ.
    var difference: Double?
    /// Pixels that are declared padding and weren't taken for it.
    var unpadded: Int?
    let count: Int
  }

  /// Reads each file and compares; masks are left out.
  private static func read(_ files: [URL]) throws -> [Compared] {
    var all: [Compared] = []
    for start in stride(from: 0, to: files.count, by: 200) {
      let folder = try TestEnvironment.temporaryFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      var compared: [Compared] = []
      var list: [String] = []
      for url in files[start..<min(start + 200, files.count)] {
        let file = try DICOMFile(reading: url)
        guard file.dataSet.uid(.sopClassUID) != .segmentationStorage else { continue }
        // Lossy compression smears the border of padding, of which we take more for padding than its one value.
        if LossyCompression(of: file.dataSet) != nil, file.dataSet[.pixelPaddingValue] != nil { continue }
        let radiograph = try Radiograph(file)
        let isInverted = radiograph.notes.contains { $0.code == "polarity_contradicts_tag" }
        let stored = radiograph.turning.inverse(
          radiograph.values, rows: radiograph.rows, columns: radiograph.columns)
        let padding = radiograph.padding.map {
          radiograph.turning.inverse($0, rows: radiograph.rows, columns: radiograph.columns)
        }
        let values = stored.indices.map { isInverted && padding?[$0] != true ? 1 - stored[$0] : stored[$0] }
        let raw = folder.appending(path: "\(list.count).raw")
        try unsafe values.withUnsafeBytes { unsafe Data($0) }.write(to: raw)
        let mask = folder.appending(path: "\(list.count).padding")
        try Data(padding?.map { $0 ? 1 : 0 } ?? [UInt8](repeating: 0, count: values.count)).write(to: mask)
        list += [url.path, raw.path, mask.path]
        compared.append(
          Compared(
            name: url.lastPathComponent, turning: radiograph.turning, isInvertedAnyway: isInverted,
            isCosineCoded: [.jpegBaseline, .jpegExtended].contains(file.transferSyntax), count: values.count))
      }
      let listed = folder.appending(path: "list")
      try Data(list.joined(separator: "\n").utf8).write(to: listed)
      let said = try python(["compare", listed.path])
      let lines = said.output.split(separator: "\n").map { $0.split(separator: " ") }
      guard said.status == 0, lines.count == compared.count else {
        Issue.record("\(said.output.suffix(2000))")
        continue
      }
      for (index, line) in lines.enumerated() where line.count == 2 {
        compared[index].difference = Double(line[0])
        compared[index].unpadded = Int(line[1])
      }
      all += compared
    }
    return all
  }

  private static func python(_ arguments: [String]) throws -> (status: Int32, output: String) {
    try TestEnvironment.run(#require(TestEnvironment.python), ["-W", "ignore", script.path] + arguments)
  }

  private static func radiographs(below folder: URL) throws -> [URL] {
    let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".dcm") }.sorted().map { folder.appending(path: $0) }
  }
}
