import Archive
import DICOM
import Foundation
import TestSupport
import Testing

@Suite("Pictures, masks and a table become an archive") struct ImportTests {
  private let folder: URL
  private var output: URL { folder.appending(path: "archive") }

  init() throws {
    folder = try TestEnvironment.temporaryFolder()
    try FileManager.default.createDirectory(
      at: folder.appending(path: "images/site"), withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      at: folder.appending(path: "masks/site"), withIntermediateDirectories: true)
  }

  private static let ramp: [UInt16] = (0..<96).map { UInt16($0 * 2) }
  private static let lungs: [UInt16] = (0..<96).map { 20..<40 ~= $0 ? 255 : 0 }

  private func write(_ data: Data, _ path: String) throws { try data.write(to: folder.appending(path: path)) }

  private func png(
    _ path: String, _ samples: [UInt16] = ramp, width: Int = 12, bits: Int = 8, colour: UInt8 = 0
  ) throws {
    let height = samples.count / width / (colour == 2 ? 3 : 1)
    try write(HandmadePNG.bytes(samples, width: width, height: height, bits: bits, colour: colour), path)
  }

  private func run(table: String? = nil, masks: Bool = false) throws -> ArchiveImport.Outcome {
    if let table { try Data(table.utf8).write(to: folder.appending(path: "table.csv")) }
    return try ArchiveImport.run(
      ArchiveImport.Sources(
        images: folder.appending(path: "images"), masks: masks ? folder.appending(path: "masks") : nil,
        table: table == nil ? nil : folder.appending(path: "table.csv")), to: output)
  }

  @Test("values, masks, patients, findings and splits arrive as they were; twice the same bytes")
  func imports() throws {
    try png("images/site/a.png")
    try png("images/b.png", (0..<96).map { UInt16($0 * 600) }, bits: 16)
    try png("masks/site/a_mask.png", Self.lungs)
    // As spreadsheets save it.
    let table =
      "\u{FEFF}Split,IMAGE,patient,Finding,age,sex,view,remark\r\ntrain,site/a.png,P1,Pneumonia,7,f,PA,\"a, b\"\r\n,b.png,P2,,,,,\r\n"
    let outcome = try run(table: table, masks: true)
    #expect(outcome.problems == [] && outcome.withoutRow == 0)
    #expect((outcome.images, outcome.masks, outcome.labels) == (2, 1, 1))
    let index = try ArchiveIndex(scanning: output)
    #expect(index.problems == [])
    #expect(index.images.map(\.path) == ["b.dcm", "site/a.dcm"])
    let (b, a) = (index.images[0], index.images[1])
    #expect(
      a.patientID == "P1" && a.finding == .pneumonia && a.split == .train && a.masks == ["site/a.seg.dcm"])
    #expect(b.patientID == "P2" && b.finding == nil && b.split == nil && b.masks == [])
    let file = try DICOMFile(reading: output.appending(path: a.path))
    #expect(try file.frame(0).pixels == Self.ramp.map { Int32($0) })
    #expect(file.dataSet.string(.patientAge) == "007Y" && file.dataSet.string(.patientSex) == "F")
    let deep = try DICOMFile(reading: output.appending(path: b.path))
    #expect(try deep.frame(0).pixels == (0..<96).map { Int32($0 * 600) } && deep.frame(0).bitsStored == 16)
    let mask = try Segmentation(reading: DICOMFile(reading: output.appending(path: a.masks[0])))
    #expect(mask.segments[0].mask == Self.lungs.map { $0 > 0 ? 1 : 0 })
    #expect(mask.segments[0].type == .bothLungs && mask.segments[0].algorithm == .manual)
    #expect(!mask.dataSet.items(.segmentSequence)[0].contains(.segmentAlgorithmName))

    let first = try Data(contentsOf: output.appending(path: "site/a.dcm"))
    let firstMask = try Data(contentsOf: output.appending(path: "site/a.seg.dcm"))
    try FileManager.default.removeItem(at: output)
    _ = try run(table: table, masks: true)
    #expect(try Data(contentsOf: output.appending(path: "site/a.dcm")) == first)
    #expect(try Data(contentsOf: output.appending(path: "site/a.seg.dcm")) == firstMask)
  }

  @Test("what can't be used is named, and holds up nothing else")
  func badInput() throws {
    try png("images/good.png")
    try write(Data("no picture".utf8), "images/text.png")
    try write(Data(), "images/empty.jpg")
    try write(HandmadePNG.bytes(Self.ramp, width: 12, height: 8).dropLast(40), "images/short.png")
    try write(Data([0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 0, 0]), "images/head.jpg")
    let colours: [UInt16] = Self.ramp.flatMap { [$0, 200, 10] }
    try png("images/colour.png", colours, colour: 2)
    try png("images/grey.png", Self.ramp.flatMap { [$0, $0, $0] }, colour: 2)
    try png("masks/good.png", (0..<48).map { _ in 255 }, width: 6)
    try png("masks/grey.png", (0..<96).map { _ in 0 })
    try write(Data("notes".utf8), "images/readme.txt")
    let table =
      "image,finding,split,mask\ngood.png,cancer,train,\nmissing.png,normal,,\ngood.png,normal,,\nbroken\ngrey.png,normal,,../../etc/passwd\n"
    let outcome = try run(table: table, masks: true)
    #expect(outcome.images == 2 && outcome.masks == 0 && outcome.labels == 1)
    let named = Dictionary(grouping: outcome.problems, by: \.kind).mapValues { Set($0.map(\.path)) }
    #expect(named[.undecodableImage] == ["text.png", "empty.jpg", "short.png", "head.jpg", "colour.png"])
    // Another size, and outside its folder.
    #expect(named[.undecodableMask] == ["good.png", "grey.png"])
    // Its row names another.
    #expect(named[.maskWithoutImage] == ["grey.png"])
    #expect(named[.labelWithoutImage] == ["table.csv"] && named[.unknownFinding] == ["table.csv"])
    #expect(named[.duplicateLabel] == ["table.csv"] && named[.malformedLabel] == ["table.csv"])
    let index = try ArchiveIndex(scanning: output)
    #expect(index.images.map(\.path) == ["good.dcm", "grey.dcm"])
    // Grey that was kept as colour is what it was.
    #expect(
      try DICOMFile(reading: output.appending(path: "grey.dcm")).frame(0).pixels
        == Self.ramp.map { Int32($0) })
  }

  @Test("nothing is written over, and nothing comes of nothing")
  func refusals() throws {
    #expect(throws: ExchangeError.nothing(path: folder.appending(path: "images").path)) { try run() }
    try png("images/a.png")
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: output.appending(path: "labels.csv"))
    #expect(throws: ExchangeError.occupied(path: output.path)) { try run() }
    #expect(try String(contentsOf: output.appending(path: "labels.csv"), encoding: .utf8) == "mine")
    try FileManager.default.removeItem(at: output)
    for table in ["", "patient,finding\nP,normal\n", "image,Image\na,b\n"] {
      #expect(throws: ExchangeError.self) { try run(table: table) }
    }
    #expect(!FileManager.default.fileExists(atPath: output.path))
    // Without a table the name is the patient's.
    let outcome = try run()
    #expect(outcome.images == 1 && outcome.withoutRow == 1)
    #expect(try ArchiveIndex(scanning: output).images[0].patientID == "a")
  }

  @Test("no object takes another's name")
  func sameStem() throws {
    try png("images/a.png")
    try png("images/a.PNG", Self.ramp.reversed())
    try png("images/A.png", Self.lungs)
    // As the mask of a.png is called.
    try png("images/a.seg.png", Self.lungs.reversed())
    try png("masks/a.png", Self.lungs)
    let outcome = try run(masks: true)
    #expect(outcome.images == 4 && outcome.masks == 2 && outcome.problems == [])
    let index = try ArchiveIndex(scanning: output)
    #expect(index.images.count == 4 && index.images.count { $0.masks.count == 1 } == 2)
  }

  @Test("masks beside the pictures, by their names' ends; in a folder that isn't there")
  func masksBeside() throws {
    try png("images/a.png")
    try png("images/a_mask.png", Self.lungs)
    try png("images/b.png", Self.ramp.reversed())
    try png("images/site/b-mask.PNG", Self.lungs)
    let images = folder.appending(path: "images")
    let outcome = try ArchiveImport.run(ArchiveImport.Sources(images: images, masks: images), to: output)
    #expect(outcome.images == 2 && outcome.masks == 1)
    #expect(outcome.problems.map(\.kind) == [.maskWithoutImage])
    #expect(outcome.problems.map(\.path) == ["site/b-mask.PNG"])
    let missing = folder.appending(path: "nowhere")
    #expect(throws: ExchangeError.source(.missing(path: missing.path))) {
      try ArchiveImport.run(
        ArchiveImport.Sources(images: images, masks: missing), to: folder.appending(path: "other"))
    }
  }

  @Test("a mask of the numbers 0 and 1, or of 16 bits, is one; the row's path may have detours")
  func masksOfFewLevels() throws {
    for name in ["a", "b"] { try png("images/\(name).png", Self.ramp.map { name == "a" ? $0 : 200 - $0 }) }
    try png("masks/one.png", Self.lungs.map { min($0, 1) })
    try png("masks/b.png", Self.lungs, bits: 16)
    let outcome = try run(table: "image,mask\r\n./a.png,site/../one.png\r\n", masks: true)
    #expect(outcome.masks == 2 && outcome.problems == [] && outcome.withoutRow == 1)
    for image in try ArchiveIndex(scanning: output).images {
      let mask = try Segmentation(reading: DICOMFile(reading: output.appending(path: image.masks[0])))
      #expect(mask.segments[0].mask == Self.lungs.map { $0 > 0 ? 1 : 0 })
    }
  }

  @Test("ages as tables have them; lateral views; patients whose names DICOM can't hold")
  func people() throws {
    let samples = ["a", "b", "c", "d", "site/d"]
    for (number, name) in samples.enumerated() {
      try png("images/\(name).png", Self.ramp.map { $0 + UInt16(number) })
    }
    let long = String(repeating: "é", count: 60)
    let table = """
      image,patient,age,sex,view,finding
      a.png,\(long)1,57.0,male,PA,normal
      b.png,\(long)2,003Y,F,AP,normal
      c.png,"Doe=J^K\\L",x,,lateral,pneumonia
      """
    let outcome = try run(table: table)
    #expect(outcome.images == 5 && outcome.labels == 2)
    #expect(outcome.problems.map(\.kind) == [.malformedLabel])
    let index = try ArchiveIndex(scanning: output)
    // The lateral view is there, and nothing takes it for a frontal one.
    #expect(index.images.map(\.path) == ["a.dcm", "b.dcm", "d.dcm", "site/d.dcm"] && index.problems == [])
    #expect(Set(index.images.map(\.patientID)).count == 4)
    #expect(index.images.allSatisfy { $0.patientID.utf8.count <= 64 })
    #expect(index.images.suffix(2).map(\.patientID) == ["d", "site/d"])
    let headers = try ["a", "b", "c"].map { try DICOMFile.header(of: output.appending(path: "\($0).dcm")) }
    #expect(headers.map { $0.string(.patientAge) } == ["057Y", "003Y", nil])
    #expect(headers[2].string(.patientID) == "Doe=J^K_L" && headers[2].string(.patientName) == "Doe J K_L")
    try requireValid(output)
  }

  @Test(
    "JPEG, grey and as colour, and what validators say",
    .enabled(if: TestEnvironment.python(importing: "PIL") != nil, "needs MMDICOM_PYTHON with Pillow"))
  func jpeg() throws {
    let script = """
      import sys
      from PIL import Image
      folder = sys.argv[1]
      picture = Image.radial_gradient("L").resize((200, 120))
      picture.save(folder + "/images/grey.jpg", quality=90)
      picture.convert("RGB").save(folder + "/images/rgb.jpeg", quality=90)
      picture.save(folder + "/images/progressive.jpg", quality=90, progressive=True)
      Image.linear_gradient("L").resize((200, 120)).convert("RGB").save(folder + "/images/x.png")
      Image.merge("RGB", [picture, picture.rotate(90), picture.rotate(180)]).save(folder + "/images/colour.jpg")
      picture.convert("CMYK").save(folder + "/images/cmyk.jpg")
      picture.convert("RGB").save(folder + "/images/untransformed.jpg", quality=90, keep_rgb=True)
      picture.point(lambda v: 255 * (v > 128)).convert("1").save(folder + "/masks/grey.png")
      for name in ("grey", "progressive", "rgb", "untransformed"):
          file = folder + "/images/" + name + (".jpeg" if name == "rgb" else ".jpg")
          Image.open(file).convert("L").save(folder + "/" + name + ".png")
      """
    let python = try #require(TestEnvironment.python(importing: "PIL"))
    let made = try TestEnvironment.run(python, ["-c", script, folder.path])
    try #require(made.status == 0, "\(made.output)")
    let outcome = try run(masks: true)
    #expect(outcome.images == 5 && outcome.masks == 1)
    #expect(Set(outcome.problems.map(\.path)) == ["colour.jpg", "cmyk.jpg"])
    // As another decoder has them, but for its rounding.
    for name in ["grey", "progressive", "rgb", "untransformed"] {
      let twin = folder.appending(path: "twin-\(name)")
      let pictures = folder.appending(path: "pictures-\(name)")
      try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: folder.appending(path: "\(name).png"), to: pictures.appending(path: "a.png"))
      _ = try ArchiveImport.run(ArchiveImport.Sources(images: pictures), to: twin)
      let there = try DICOMFile(reading: twin.appending(path: "a.dcm")).frame(0).pixels
      let here = try DICOMFile(reading: output.appending(path: "\(name).dcm"))
      #expect(try zip(here.frame(0).pixels, there).allSatisfy { abs($0 - $1) <= 2 })
      #expect(here.dataSet.string(.lossyImageCompression) == "01")
      #expect(here.dataSet.string(.lossyImageCompressionMethod) == "ISO_10918_1")
    }
    try requireValid(output)
  }

  private func requireValid(_ archive: URL) throws {
    guard let tool = TestEnvironment.tool("dciodvfy") else { return }
    for case let file as URL in try #require(
      FileManager.default.enumerator(at: archive, includingPropertiesForKeys: nil))
    where file.pathExtension == "dcm" {
      let (_, output) = try TestEnvironment.run(tool, [file.path])
      #expect(!output.contains("Error"), "\(file.lastPathComponent): \(output)")
    }
  }
}
