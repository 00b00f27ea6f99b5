import Archive
import DICOM
import Foundation
import Phantoms
import TestSupport
import Testing

@Suite("An archive that names nobody") struct ExportTests {
  private let folder: URL
  private var output: URL { folder.appending(path: "out") }
  private let key: ExportKey

  init() throws {
    folder = try TestEnvironment.temporaryFolder()
    key = try ExportKey(at: folder.appending(path: "key"))
  }

  private func export(
    _ root: URL, to place: URL? = nil, _ change: (inout ArchiveExport.Options) -> Void = { _ in }
  ) throws -> ArchiveExport.Outcome {
    var options = ArchiveExport.Options(key: key)
    change(&options)
    return try ArchiveExport.run(try ArchiveIndex(scanning: root), root: root, options, to: place ?? output)
  }

  private func phantoms(_ count: Int = 6) throws -> URL {
    let root = folder.appending(path: "phantoms")
    try PhantomArchive.write(count: count, size: 96, seed: 3, sources: 2, to: root)
    return root
  }

  private func bytes(below root: URL) throws -> [(name: String, data: Data)] {
    let all = FileManager.default.enumerator(at: root, includingPropertiesForKeys: [.isRegularFileKey])
    var found: [(String, Data)] = []
    for case let file as URL in try #require(all)
    where try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true {
      found.append((file.path, try Data(contentsOf: file)))
    }
    return found
  }

  @Test("pixels, masks, findings, splits and who belongs to whom stay; names don't")
  func keepsWhatIsNeeded() throws {
    let root = try phantoms()
    let outcome = try export(root)
    #expect(outcome.problems == [] && outcome.images == 6 && outcome.masks == 6 && outcome.unstated == 0)
    #expect(outcome.sources == ["site-1": "source-1", "site-2": "source-2"])
    let (before, after) = (try ArchiveIndex(scanning: root), try ArchiveIndex(scanning: output))
    #expect(after.problems == [])
    #expect(after.images.count == 6 && after.images.allSatisfy { $0.masks.count == 1 })
    #expect(Set(after.images.map(\.patientID)).count == 6)
    func finding(_ images: [ArchiveImage]) -> [String: Int] {
      Dictionary(grouping: images) { "\(String(describing: $0.finding)) \(String(describing: $0.split))" }
        .mapValues(\.count)
    }
    #expect(finding(before.images) == finding(after.images))
    let pictures = try [before, after].enumerated().map { number, index in
      Set(
        try index.images.map { image in
          try DICOMFile(reading: (number == 0 ? root : output).appending(path: image.path)).frame(0).pixels
        })
    }
    #expect(pictures[0] == pictures[1])
    for image in after.images {
      let mask = try Segmentation(reading: DICOMFile(reading: output.appending(path: image.masks[0])))
      #expect(mask.segments.map(\.type) == [.leftLung, .rightLung])
      #expect(mask.dataSet.string(.patientIdentityRemoved) == "YES")
      let codes = mask.dataSet.items(.deidentificationMethodCodeSequence).compactMap { CodedConcept($0) }
      #expect(codes.map(\.value) == ["113100"])
    }
    // Each mask is still that of its picture.
    func sums(_ index: ArchiveIndex, _ root: URL) throws -> Set<[Int32: [Int]]> {
      Set(
        try index.images.map { image in
          let mask = try Segmentation(reading: DICOMFile(reading: root.appending(path: image.masks[0])))
          let first = try DICOMFile(reading: root.appending(path: image.path)).frame(0).pixels[0]
          return [first: mask.segments.map { $0.mask.count { $0 == 1 } }]
        })
    }
    #expect(try sums(before, root) == sums(after, output))
    for (name, data) in try bytes(below: output) {
      let text = String(decoding: data, as: UTF8.self)
      #expect(!name.contains("PHANTOM-0") && !text.contains("PHANTOM"), "\(name)")
      for image in before.images {
        #expect(!text.contains(image.sopInstanceUID) && !text.contains(image.studyInstanceUID), "\(name)")
      }
    }
    if let tool = TestEnvironment.tool("dciodvfy") {
      for (name, _) in try bytes(below: output) where name.hasSuffix(".dcm") {
        let (_, said) = try TestEnvironment.run(tool, [name])
        #expect(!said.contains("Error"), "\(said)")
      }
    }
  }

  @Test("one key, one name; another key, another; an unnamed patient goes by the study")
  func pseudonyms() throws {
    let root = try phantoms(2)
    func uids(_ place: String, _ key: ExportKey) throws -> Set<String> {
      let target = folder.appending(path: place)
      _ = try export(root, to: target) { $0.key = key }
      return Set(try ArchiveIndex(scanning: target).images.flatMap { [$0.sopInstanceUID, $0.patientID] })
    }
    let first = try uids("1", key)
    #expect(try uids("2", key) == first)
    #expect(try uids("3", ExportKey()).isDisjoint(with: first))
    // The key of a file stays; one that is too short is none.
    #expect(try uids("4", ExportKey(at: folder.appending(path: "key"))) == first)
    let short = folder.appending(path: "short")
    try Data("short\n".utf8).write(to: short)
    #expect(throws: ExchangeError.self) { try ExportKey(at: short) }

    for (number, image) in try ArchiveIndex(scanning: root).images.enumerated() {
      try change(root.appending(path: image.path)) { dataSet in
        if number == 0 { dataSet.setEmpty(.patientID) } else { dataSet.remove(.seriesInstanceUID) }
        dataSet.remove(.studyID)
        for tag in [Tag.seriesNumber, .instanceNumber, .patientOrientation] { dataSet.remove(tag) }
        dataSet.set(.voiLUTFunction, "Linear-Exact")
      }
    }
    let target = folder.appending(path: "unnamed")
    #expect(try export(root, to: target).problems == [])
    let unnamed = try ArchiveIndex(scanning: target)
    #expect(
      Set(unnamed.images.map(\.patientID)).count == 2
        && unnamed.images.allSatisfy { $0.patientID.hasPrefix("P") })
    for image in unnamed.images {
      let dataSet = try DICOMFile.header(of: target.appending(path: image.path))
      #expect(dataSet.uid(.seriesInstanceUID) != nil && dataSet.contains(.studyID))
      for tag in [Tag.seriesNumber, .instanceNumber, .patientOrientation] {
        #expect(dataSet.contains(tag) && dataSet.string(tag) == nil, "\(tag)")
      }
      #expect(dataSet.string(.voiLUTFunction) == "LINEAR_EXACT")
    }
  }

  private func change(_ place: URL, _ edit: (inout DataSet) -> Void) throws {
    let file = try DICOMFile(reading: place)
    var dataSet = file.dataSet
    edit(&dataSet)
    let frame = try file.frame(0)
    let pixels: PixelData =
      frame.bitsAllocated == 8
      ? .bytes(frames: [frame.pixels.map { UInt8(truncatingIfNeeded: $0) }])
      : .words(frames: [frame.pixels.map { UInt16(truncatingIfNeeded: $0) }])
    try DICOMWriter.write(dataSet, pixels: pixels, as: .explicitVRLittleEndian, to: place)
  }

  @Test("an image that says that something is burned into it stays behind")
  func burnedIn() throws {
    let root = try phantoms(2)
    let index = try ArchiveIndex(scanning: root)
    for (image, value) in zip(index.images, ["YES", ""]) {
      try change(root.appending(path: image.path)) { $0.set(.burnedInAnnotation, value) }
    }
    let outcome = try export(root)
    #expect(outcome.images == 1 && outcome.unstated == 1)
    #expect(outcome.problems.map(\.path) == [index.images[0].path])
  }

  /// Every attribute that there is, filled with what identifies somebody, at the top and within sequences.
  @Test(
    "no value that names somebody is left, wherever it stood",
    .enabled(if: TestEnvironment.python(importing: "pydicom") != nil, "needs MMDICOM_PYTHON with pydicom"))
  func leavesNothing() throws {
    let root = folder.appending(path: "named/Mr DOEMARK")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    let script = TestEnvironment.packageRoot.appending(path: "Tests/ArchiveTests/every_attribute.py").path
    let python = try #require(TestEnvironment.python(importing: "pydicom"))
    let sample = TestEnvironment.packageRoot.appending(path: "samples/phantoms/PHANTOM-001/dx.dcm").path
    let made = try TestEnvironment.run(python, [script, "make", sample, root.path])
    try #require(made.status == 0, "\(made.output)")
    for keeps in [false, true] {
      let target = folder.appending(path: "clean-\(keeps)")
      let outcome = try export(folder.appending(path: "named"), to: target) {
        $0.keepsCharacteristics = keeps
      }
      #expect(outcome.images == 2 && outcome.problems == [])
      let files = try bytes(below: target)
      #expect(files.count == 3)
      for (name, data) in files {
        for mark in ["DOEMARK", "doemark", "1.2.3.4.5.6.7", "19771231", "235959"] {
          #expect(data.range(of: Data(mark.utf8)) == nil, "\(mark) in \(name)")
          #expect(!name.contains(mark))
        }
      }
      let (status, said) = try TestEnvironment.run(
        python, [script, "check", target.path, keeps ? "113100,113108" : "113100"])
      #expect(status == 0, "\(said)")
    }
  }

  @Test("pictures and a table, which import takes: there and back again")
  func roundTrip() throws {
    let images = folder.appending(path: "images")
    try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
    let ramp = (0..<96).map { UInt16($0 * 2) }
    let deep = (0..<96).map { UInt16($0 * 600) }
    let lungs = (0..<96).map { UInt16(20..<40 ~= $0 ? 255 : 0) }
    try HandmadePNG.bytes(ramp, width: 12, height: 8).write(to: images.appending(path: "a.png"))
    try HandmadePNG.bytes(deep, width: 12, height: 8, bits: 16).write(to: images.appending(path: "b.png"))
    let masks = folder.appending(path: "masks")
    try FileManager.default.createDirectory(at: masks, withIntermediateDirectories: true)
    try HandmadePNG.bytes(lungs, width: 12, height: 8).write(to: masks.appending(path: "a.png"))
    let table = folder.appending(path: "table.csv")
    try Data("image,patient,finding,split\na.png,P1,normal,train\nb.png,P2,pneumonia,test\n".utf8).write(
      to: table)
    let archive = folder.appending(path: "archive")
    _ = try ArchiveImport.run(ArchiveImport.Sources(images: images, masks: masks, table: table), to: archive)
    let pictures = folder.appending(path: "pictures")
    let outcome = try export(archive, to: pictures) { $0.format = .png }
    #expect(outcome.images == 2 && outcome.masks == 1 && outcome.unstated == 2)
    let again = folder.appending(path: "again")
    let back = try ArchiveImport.run(
      ArchiveImport.Sources(images: pictures, table: pictures.appending(path: "labels.csv")), to: again)
    #expect(back.images == 2 && back.masks == 1 && back.problems == [])
    let index = try ArchiveIndex(scanning: again)
    #expect(index.images.count == 2)
    for image in index.images {
      let frame = try DICOMFile(reading: again.appending(path: image.path)).frame(0)
      let expected = image.finding == .normal ? ramp : deep
      #expect(frame.pixels == expected.map { Int32($0) })
      #expect(image.split == (image.finding == .normal ? .train : .test))
      guard image.finding == .normal else { continue }
      let mask = try Segmentation(
        reading: DICOMFile(reading: again.appending(path: try #require(image.masks.first))))
      #expect(mask.segments[0].mask == lungs.map { $0 > 0 ? 1 : 0 })
    }
  }
}
