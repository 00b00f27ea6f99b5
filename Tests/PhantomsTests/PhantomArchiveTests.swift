import Archive
import DICOM
import Foundation
import Phantoms
import Radiography
import TestSupport
import Testing

@Suite("Phantom archive")
struct PhantomArchiveTests {
  static func file(_ number: Int) throws -> URL {
    let index = try ArchiveIndex(scanning: PhantomFixture.directory)
    return try PhantomFixture.directory.appending(path: index.images[number].path)
  }

  @Test("covers transfer syntaxes, bit depths, both polarities, windows and padding")
  func variety() throws {
    let files = try (0..<PhantomFixture.count).map { try DICOMFile(reading: Self.file($0)) }
    #expect(Set(files.map(\.transferSyntax)).count >= 8)
    let headers = files.map(\.dataSet)
    #expect(Set(headers.map { $0.integer(.bitsStored) }) == [8, 10, 12, 14, 16])
    #expect(Set(headers.map { $0.string(.photometricInterpretation) }) == ["MONOCHROME1", "MONOCHROME2"])
    #expect(Set(headers.map { $0.string(.modality) }) == ["CR", "DX"])
    #expect(headers.contains { $0.contains(.voiLUTSequence) })
    #expect(headers.contains { $0.string(.voiLUTFunction) == "SIGMOID" })
    #expect(headers.contains { $0.string(.voiLUTFunction) == "LINEAR_EXACT" })
    #expect(headers.contains { $0.contains(.pixelPaddingValue) })
    #expect(headers.contains { $0.integer(.rescaleIntercept) ?? 0 != 0 })
  }

  @Test(
    "no one takes it for a patient; dates are fixed; it may be analysed", arguments: 0..<PhantomFixture.count)
  func identity(_ number: Int) throws {
    let header = try DICOMFile.header(of: Self.file(number))
    #expect(header.string(.patientName)?.hasPrefix("PHANTOM^0") == true)
    #expect(header.string(.patientID)?.hasPrefix("PHANTOM-0") == true)
    #expect(header.string(.studyDate) == "20240115")
    #expect(header.string(.imageComments)?.contains("not for diagnosis") == true)
    #expect(Eligibility(header) == .eligible)
  }

  @Test("display functions bring back what was drawn", arguments: 0..<PhantomFixture.count)
  func display(_ number: Int) throws {
    let file = try DICOMFile(reading: Self.file(number))
    let radiograph = try Radiograph(file)
    #expect(!radiograph.notes.contains { "\($0)".lowercased().contains("polarity") })
    let drawn = PhantomArchive.phantom(number: number + 1, size: 96, seed: PhantomFixture.seed)
    guard radiograph.rows == drawn.rows else {
      // Pixels higher than wide: the same picture on fewer rows.
      #expect(abs(radiograph.pixelAspect - Double(drawn.rows) / Double(radiograph.rows)) < 0.002)
      #expect(abs(mean(radiograph.values) - mean(drawn.values)) < 0.01)
      return
    }
    #expect(abs(radiograph.pixelAspect - 1) < 1e-6)
    let inside = drawn.values.indices.filter { radiograph.padding?[$0] != true }
    // A sigmoid window never reaches black and white, and JPEG baseline loses a little.
    let tolerance: Float = file.transferSyntax.isLossy ? 0.12 : 0.02
    let worst = inside.map { abs(radiograph.values[$0] - drawn.values[$0]) }.max() ?? 1
    #expect(worst <= tolerance)
    #expect(abs(mean(inside.map { radiograph.values[$0] - drawn.values[$0] })) < 0.01)
  }

  @Test("drawn with and without a finding, a phantom differs in the opacity alone", arguments: 1...4)
  func twins(_ number: Int) throws {
    let twins = PhantomArchive.alternating.map {
      PhantomArchive.phantom(number: number, size: 128, seed: PhantomFixture.seed, finding: $0)
    }
    #expect(twins.map(\.finding) == [.normal, .pneumonia])
    #expect(twins[0].rightLung == twins[1].rightLung && twins[0].leftLung == twins[1].leftLung)
    let gain = zip(twins[1].values, twins[0].values).map { $0 - $1 }
    let inLungs = zip(twins[0].rightLung, twins[0].leftLung).map { $0 + $1 > 0 }
    let largest = zip(gain, inLungs).filter(\.1).map(\.0).max() ?? 0
    let elsewhere = zip(gain, inLungs).filter { !$0.1 }.map { abs($0.0) }
    #expect(largest > 0.1)
    #expect(elsewhere.reduce(0, +) / Float(elsewhere.count) < 0.02)
  }

  @Test("the segmentation is of its image, right and left told apart", arguments: 0..<PhantomFixture.count)
  func masks(_ number: Int) throws {
    let image = try DICOMFile.header(of: Self.file(number))
    let folder = try Self.file(number).deletingLastPathComponent()
    let lungs = try Segmentation(reading: DICOMFile(reading: folder.appending(path: "lungs.seg.dcm")))
    #expect(lungs.referencedSOPInstanceUIDs.map(\.string) == [image.string(.sopInstanceUID)])
    #expect(lungs.rows == image.integer(.rows) && lungs.columns == image.integer(.columns))
    #expect(lungs.segments.map(\.type) == [.leftLung, .rightLung])
    let middles = lungs.segments.map { segment in
      let inside = segment.mask.indices.filter { segment.mask[$0] != 0 }
      return inside.reduce(0) { $0 + $1 % lungs.columns } / max(inside.count, 1)
    }
    #expect(middles[0] > middles[1])
  }

  @Test("writes the same bytes again")
  func determinism() throws {
    let again = PhantomFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: again) }
    let paths = try PhantomArchive.write(
      count: 3, size: 96, seed: PhantomFixture.seed, to: again, threads: 1)
    #expect(paths == ["PHANTOM-001/dx.dcm", "PHANTOM-002/cr.dcm", "PHANTOM-003/dx.dcm"])
    for path in paths + (1...3).map({ "PHANTOM-00\($0)/lungs.seg.dcm" }) {
      let first = try Data(contentsOf: PhantomFixture.directory.appending(path: path))
      #expect(try Data(contentsOf: again.appending(path: path)) == first, "\(path)")
    }
    let labels = try String(
      contentsOf: try PhantomFixture.directory.appending(path: "labels.csv"), encoding: .utf8)
    let fewer = try String(contentsOf: again.appending(path: "labels.csv"), encoding: .utf8)
    #expect(labels.hasPrefix(fewer))
    _ = try PhantomArchive.write(count: 1, size: 96, seed: PhantomFixture.seed + 1, to: again)
    #expect(
      try Data(contentsOf: again.appending(path: paths[0]))
        != Data(contentsOf: try PhantomFixture.directory.appending(path: paths[0])))
  }

  @Test("writes over nothing that isn't a phantom, and then writes nothing at all")
  func occupied() throws {
    for name in ["labels.csv", "PHANTOM-002/lungs.seg.dcm", "PHANTOM-001/dx.dcm"] {
      let folder = PhantomFixture.temporaryDirectory()
      defer { try? FileManager.default.removeItem(at: folder) }
      let place = folder.appending(path: name)
      try FileManager.default.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      let mine = Data("SOPInstanceUID,PatientID,Finding,Split\n1.2,P,normal,\n".utf8)
      try mine.write(to: place)
      #expect(throws: PhantomError.occupied(path: place.path)) {
        try PhantomArchive.write(count: 2, size: 96, seed: 1, to: folder)
      }
      #expect(try Data(contentsOf: place) == mine)
      let left = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
      #expect(left.filter { $0.hasSuffix(".dcm") || $0.hasSuffix(".csv") } == [name], "\(left)")
    }
  }

  @Test("labels that somebody changed are his; those of an earlier run are replaced")
  func changedLabels() throws {
    let folder = PhantomFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: folder) }
    try PhantomArchive.write(count: 2, size: 96, seed: 1, to: folder)
    try PhantomArchive.write(count: 3, size: 96, seed: 2, to: folder)
    let labels = folder.appending(path: "labels.csv")
    let text = try String(contentsOf: labels, encoding: .utf8)
    #expect(text.split(separator: "\n").count == 4)
    try Data(text.replacing("PHANTOM-001,normal,train", with: "PHANTOM-001,normal,test").utf8).write(
      to: labels)
    #expect(throws: PhantomError.occupied(path: labels.path)) {
      try PhantomArchive.write(count: 3, size: 96, seed: 2, to: folder)
    }
  }

  @Test("two sources share the phantoms; of every twenty each has one of either finding for validation")
  func sources() throws {
    let folder = PhantomFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: folder) }
    let paths = try PhantomArchive.write(count: 20, size: 64, seed: 5, sources: 2, to: folder)
    #expect(paths[0] == "site-1/PHANTOM-001/dx.dcm" && paths[3] == "site-2/PHANTOM-004/cr.dcm")
    let index = try ArchiveIndex(scanning: folder)
    #expect(index.problems.isEmpty && index.images.allSatisfy { $0.masks.count == 1 })
    for source in ["site-1", "site-2"] {
      let images = index.images.filter { $0.source == source }
      #expect(images.count == 10)
      for finding in [Finding.normal, .pneumonia] {
        #expect(images.count { $0.finding == finding } == 5, "\(source) \(finding)")
        #expect(images.count { $0.finding == finding && $0.split == .val } == 1, "\(source) \(finding)")
      }
    }
    // The phantoms themselves are those of an archive without sources.
    let plain = PhantomFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: plain) }
    _ = try PhantomArchive.write(count: 3, size: 64, seed: 5, to: plain)
    for name in ["PHANTOM-003/dx.dcm", "PHANTOM-003/lungs.seg.dcm"] {
      #expect(
        try Data(contentsOf: plain.appending(path: name))
          == Data(contentsOf: folder.appending(path: "site-2/" + name)), "\(name)")
    }
    #expect(throws: PhantomError.badSources(0)) {
      try PhantomArchive.write(count: 3, size: 64, seed: 5, sources: 0, to: plain)
    }
  }

  @Test("refuses what makes no sense, names what it can't write")
  func refusals() throws {
    let folder = PhantomFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(throws: PhantomError.badRequest(count: 0, size: 96)) {
      try PhantomArchive.write(count: 0, size: 96, seed: 1, to: folder)
    }
    #expect(throws: PhantomError.badRequest(count: 1, size: 10)) {
      try PhantomArchive.write(count: 1, size: 10, seed: 1, to: folder)
    }
    let file = folder.appending(path: "file")
    try Data("x".utf8).write(to: file)
    #expect(throws: PhantomError.cannotWrite(path: file.appending(path: "PHANTOM-001").path)) {
      try PhantomArchive.write(count: 1, size: 96, seed: 1, to: file)
    }
  }

  static let dciodvfy = ["/usr/bin/dciodvfy", "/usr/local/bin/dciodvfy"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// dciodvfy can't inflate: a deflated object is checked as a copy in another transfer syntax.
  private static func checkable(_ url: URL, in folder: URL) throws -> URL {
    let file = try DICOMFile(reading: url)
    guard file.transferSyntax == .deflatedExplicitVRLittleEndian else { return url }
    let frame = try file.frame(0)
    let pixels =
      frame.bitsAllocated > 8
      ? PixelData.words(frames: [frame.pixels.map { UInt16(truncatingIfNeeded: $0) }])
      : .bytes(frames: [frame.pixels.map { UInt8(truncatingIfNeeded: $0) }])
    let copy = folder.appending(path: "inflated.dcm")
    try DICOMWriter.write(file.dataSet, pixels: pixels, as: .explicitVRLittleEndian, to: copy)
    return copy
  }

  @Test(
    "dciodvfy finds no error", .enabled(if: dciodvfy != nil, "dciodvfy (package dicom3tools) isn't installed")
  )
  func validity() throws {
    let tool = try #require(Self.dciodvfy)
    let index = try ArchiveIndex(scanning: PhantomFixture.directory)
    let folder = PhantomFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: folder) }
    for path in index.images.flatMap({ [$0.path] + $0.masks }) {
      let process = Process()
      let pipe = Pipe()
      process.executableURL = URL(fileURLWithPath: tool)
      let url = try PhantomFixture.directory.appending(path: path)
      process.arguments = [try Self.checkable(url, in: folder).path]
      process.standardError = pipe
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      let errors = said.split(separator: "\n").filter { $0.hasPrefix("Error") }
      #expect(errors == [], "\(path)")
      #expect(!said.isEmpty, "\(path): dciodvfy said nothing at all")
    }
  }
}
