import Archive
import DICOM
import Foundation
import TestSupport
import Testing

@Suite("Archive index")
struct ArchiveIndexTests {
  @Test("finds radiographs, masks and labels of a phantom archive")
  func phantoms() throws {
    let index = try ArchiveIndex(scanning: PhantomFixture.directory)
    #expect(index.problems == [])
    #expect(index.images.count == PhantomFixture.count)
    #expect(index.counts.files == 2 * PhantomFixture.count + 1)
    #expect(index.counts.masks == PhantomFixture.count)
    #expect(index.counts.notDICOM == 1)  // labels.csv itself
    #expect(index.images.map(\.path) == index.images.map(\.path).sorted())
    for (position, image) in index.images.enumerated() {
      let number = position + 1
      #expect(image.source == "PHANTOM-0\(number < 10 ? "0" : "")\(number)")
      #expect(image.patientID == image.source)
      #expect(image.masks == [image.source + "/lungs.seg.dcm"])
      #expect(image.finding == (number.isMultiple(of: 2) ? .pneumonia : .normal))
      #expect(image.split == (number.isMultiple(of: 5) ? .val : .train))
      #expect((70...96).contains(max(image.rows, image.columns)))
    }
    #expect(index.split(.val).count == 2)
    #expect(index.indices(of: .val) == [4, 9])
  }

  @Test("what isn't a radiograph is no image: text, empty files, laterals, own results, broken files")
  func otherFiles() throws {
    let root = try PhantomFixture.copy()
    defer { try? FileManager.default.removeItem(at: root.deletingLastPathComponent()) }
    try Data("notes".utf8).write(to: root.appending(path: "notes.txt"))
    try Data(repeating: 65, count: 4000).write(to: root.appending(path: "long.txt"))
    try Data().write(to: root.appending(path: "empty.dcm"))
    let source = try DICOMFile.header(of: root.appending(path: "PHANTOM-004/cr.dcm"))
    let pixels = PixelData.bytes(frames: [
      [UInt8](repeating: 9, count: (source.integer(.rows) ?? 0) * (source.integer(.columns) ?? 0))
    ])
    func write(_ name: String, _ change: (inout DataSet) -> Void) throws {
      var copy = source
      copy.set(.sopInstanceUID, UID.derived(from: ["test", name]))
      change(&copy)
      try DICOMWriter.write(copy, pixels: pixels, as: .explicitVRLittleEndian, to: root.appending(path: name))
    }
    try write("lateral") { $0.set(.viewPosition, "LL") }
    try write("hand") { $0.set(.bodyPartExamined, "HAND") }
    try write("own") { $0.set(.manufacturerModelName, Equipment.ownModelName) }
    try write("frontal-without-extension") { _ in }

    let index = try ArchiveIndex(scanning: root)
    #expect(index.images.count == PhantomFixture.count + 1)
    #expect(index.counts.notDICOM == 4)
    #expect(index.counts.otherObjects == ["lateral": 1, "not_chest": 1, "own_output": 1])
    let plain = try #require(index.images.last)
    #expect(plain.path == "frontal-without-extension")
    #expect(plain.source == "")
    #expect(plain.finding == nil && plain.masks == [])
    #expect(index.problems == [])
  }

  @Test("a second object with the same UID, a mask without its image, two masks for an image")
  func oddMasks() throws {
    let root = try PhantomFixture.copy()
    defer { try? FileManager.default.removeItem(at: root.deletingLastPathComponent()) }
    let manager = FileManager.default
    try manager.removeItem(at: root.appending(path: "PHANTOM-002/cr.dcm"))
    try manager.copyItem(
      at: root.appending(path: "PHANTOM-001/dx.dcm"), to: root.appending(path: "PHANTOM-001/dx again.dcm"))
    let file = root.appending(path: "PHANTOM-003/dx.dcm")
    let header = try DICOMFile.header(of: file)
    let lungs = try Segmentation(
      reading: DICOMFile(reading: root.appending(path: "PHANTOM-003/lungs.seg.dcm")))
    let second = try Segmentation(
      of: header, segments: lungs.segments,
      equipment: Equipment(
        manufacturer: "Someone", modelName: "Else", serialNumber: "2", softwareVersions: ["1"]),
      identity: ResultIdentity(objectKind: "second reader", modelSHA256: "", configurationDigest: ""),
      seriesDescription: "Second", derivationDescription: "Drawn by hand", algorithmName: "Hand",
      createdAt: Date(timeIntervalSince1970: 0))
    try second.write(to: root.appending(path: "PHANTOM-003/second.dcm"))

    let index = try ArchiveIndex(scanning: root)
    #expect(index.images.count == PhantomFixture.count - 1)
    #expect(index.problems(.maskWithoutImage).map(\.path) == ["PHANTOM-002/lungs.seg.dcm"])
    #expect(index.problems(.duplicateInstance).map(\.path) == ["PHANTOM-001/dx.dcm"])
    #expect(index.problems(.severalMasks).map(\.path) == ["PHANTOM-003/dx.dcm"])
    #expect(index.problems(.labelWithoutImage).map(\.line) == [3])
    #expect(index.images[1].masks == ["PHANTOM-003/lungs.seg.dcm", "PHANTOM-003/second.dcm"])
  }

  @Test("labels: another file, a wrong patient, a patient in two splits")
  func labelProblems() throws {
    let images = try ArchiveIndex(scanning: PhantomFixture.directory).images
    let root = try PhantomFixture.copy()
    defer { try? FileManager.default.removeItem(at: root.deletingLastPathComponent()) }
    // A second image of the first patient.
    var second = try DICOMFile.header(of: root.appending(path: "PHANTOM-004/cr.dcm"))
    second.set(.sopInstanceUID, UID.derived(from: ["test", "second image"]))
    second.set(.patientID, images[0].patientID)
    let count = (second.integer(.rows) ?? 0) * (second.integer(.columns) ?? 0)
    try DICOMWriter.write(
      second, pixels: .bytes(frames: [[UInt8](repeating: 9, count: count)]), as: .explicitVRLittleEndian,
      to: root.appending(path: "second.dcm"))
    let labels = root.deletingLastPathComponent().appending(path: "mine.csv")
    let rows = [
      "SOPInstanceUID,PatientID,Finding,Split", "\(images[0].sopInstanceUID),,normal,train",
      "\(second.string(.sopInstanceUID) ?? ""),,pneumonia,val",
      "\(images[2].sopInstanceUID),SOMEONE,normal,train", "1.2.3,,normal,train", "1.2.4,,normal,train",
    ]
    try Data(rows.joined(separator: "\n").utf8).write(to: labels)

    let index = try ArchiveIndex(scanning: root, labels: labels)
    #expect(index.problems(.patientInSeveralSplits).map(\.line) == [3])
    #expect(index.problems(.patientMismatch).map(\.line) == [4])
    #expect(index.problems(.labelWithoutImage).map(\.line) == [5])
    #expect(index.problems(.labelWithoutImage).map(\.count) == [2])
    #expect(index.problems.allSatisfy { !$0.description.contains("PHANTOM-001") })
    #expect(index.images.filter { $0.finding != nil }.count == 3)
  }

  @Test("links are followed once; a loop ends; a broken link is a problem")
  func links() throws {
    let root = PhantomFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: root) }
    let manager = FileManager.default
    let studies = try PhantomFixture.directory
    try manager.createSymbolicLink(
      at: root.appending(path: "linked"), withDestinationURL: studies.appending(path: "PHANTOM-001"))
    try manager.createSymbolicLink(
      at: root.appending(path: "again"), withDestinationURL: studies.appending(path: "PHANTOM-001"))
    try manager.createSymbolicLink(
      at: root.appending(path: "file"), withDestinationURL: studies.appending(path: "PHANTOM-002/cr.dcm"))
    try manager.createSymbolicLink(at: root.appending(path: "loop"), withDestinationURL: root)
    try manager.createSymbolicLink(
      at: root.appending(path: "nothing"), withDestinationURL: root.appending(path: "gone"))
    let index = try ArchiveIndex(scanning: root)
    #expect(index.images.map(\.path) == ["again/dx.dcm", "file"])
    #expect(index.problems.map(\.kind) == [.brokenLink])
    #expect(index.problems.map(\.path) == ["nothing"])
  }

  @Test(
    "a folder that can't be listed is a problem; the rest is indexed",
    .enabled(if: getuid() != 0, "root may list every folder"))
  func unreadableFolder() throws {
    let root = try PhantomFixture.copy()
    defer { try? FileManager.default.removeItem(at: root.deletingLastPathComponent()) }
    let folder = root.appending(path: "PHANTOM-001").path
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: folder)
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder) }
    let index = try ArchiveIndex(scanning: root)
    #expect(index.images.count == PhantomFixture.count - 1)
    #expect(index.problems(.unreadableFolder).map(\.path) == ["PHANTOM-001"])
  }

  @Test("roots that don't do")
  func badRoots() throws {
    let missing = try PhantomFixture.directory.appending(path: "none")
    #expect(throws: ArchiveError.missing(path: missing.path)) { try ArchiveIndex(scanning: missing) }
    let file = try PhantomFixture.directory.appending(path: "labels.csv")
    #expect(throws: ArchiveError.notADirectory(path: file.path)) { try ArchiveIndex(scanning: file) }
    let labels = try PhantomFixture.directory.appending(path: "none.csv")
    #expect(throws: ArchiveError.labelsMissing(path: labels.path)) {
      try ArchiveIndex(scanning: PhantomFixture.directory, labels: labels)
    }
  }

  @Test("an unchanged archive isn't read again; a changed file is; a damaged record is no harm")
  func reuse() throws {
    let root = try PhantomFixture.copy()
    defer { try? FileManager.default.removeItem(at: root.deletingLastPathComponent()) }
    let saved = root.deletingLastPathComponent().appending(path: "kept/index.json")
    let first = try ArchiveIndex(scanning: root, saved: saved)
    #expect(first.counts.headersRead == first.counts.files)
    var second = try ArchiveIndex(scanning: root, saved: saved)
    #expect(second.counts.headersRead == 0)
    #expect(second.images == first.images)
    #expect(second.digest == first.digest)
    #expect(second.pixelDigest == first.pixelDigest)

    let changed = root.appending(path: "PHANTOM-001/dx.dcm").path
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: changed)
    second = try ArchiveIndex(scanning: root, saved: saved)
    #expect(second.counts.headersRead == 1)
    #expect(second.digest == first.digest)
    #expect(second.pixelDigest != first.pixelDigest)

    try Data("{".utf8).write(to: saved)
    #expect(try ArchiveIndex(scanning: root, saved: saved).counts.headersRead == first.counts.files)
    #expect(try ArchiveIndex(scanning: root, saved: saved).counts.headersRead == 0)
  }

  @Test("the digest follows labels, the pixel digest doesn't; neither follows the folder's place")
  func digests() throws {
    let root = try PhantomFixture.copy()
    defer { try? FileManager.default.removeItem(at: root.deletingLastPathComponent()) }
    let before = try ArchiveIndex(scanning: root)
    #expect(before.digest == (try ArchiveIndex(scanning: PhantomFixture.directory)).digest)
    let labels = root.appending(path: "labels.csv")
    let text = try String(contentsOf: labels, encoding: .utf8)
    try Data(text.replacingOccurrences(of: "pneumonia,train", with: "normal,train").utf8).write(to: labels)
    let after = try ArchiveIndex(scanning: root)
    #expect(after.digest != before.digest)
    #expect(after.pixelDigest == before.pixelDigest)
    let decoded = try JSONDecoder().decode(ArchiveIndex.self, from: JSONEncoder().encode(after))
    #expect(decoded == after)
  }
}
