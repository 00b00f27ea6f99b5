import DICOM
import Foundation
import TestSupport
import Testing

/// The same picture with another header, another picture, and a replay, by the built program.
@Suite(
  "One UID, several files", .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct IdentityCommandTests {
  private let program: Program
  private let image: DICOMFile

  init() async throws {
    program = try Program()
    try program.configureService()
    let outcome = try await program.run(
      "archive", "phantom", "--output", "phantoms", "--count", "1", "--size", "256")
    try #require(outcome.status == 0, "\(outcome.complaints)")
    let path = try #require(
      program.files("phantoms", ".dcm").first { !$0.hasSuffix(".seg.dcm") })
    image = try DICOMFile(reading: program.folder.appending(path: "phantoms/" + path))
  }

  private var uid: String { image.dataSet.string(.sopInstanceUID) ?? "" }

  /// Drops the image with another patient's name, or with one pixel changed.
  private func drop(
    _ name: String, patient: String? = nil, changesPixel: Bool = false,
    as transferSyntax: TransferSyntax = .explicitVRLittleEndian
  ) throws {
    var dataSet = image.dataSet
    if let patient { dataSet.set(.patientName, patient) }
    var pixels = try image.frame(0).pixels
    if changesPixel { pixels[pixels.count / 2] ^= 1 }
    let data: PixelData =
      dataSet.integer(.bitsAllocated) == 16
      ? .words(frames: [pixels.map { UInt16(truncatingIfNeeded: $0) }])
      : .bytes(frames: [pixels.map { UInt8(truncatingIfNeeded: $0) }])
    let place = program.folder.appending(path: "inbox/" + name)
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try DICOMWriter.write(dataSet, pixels: data, as: transferSyntax, to: place)
  }

  private func ask(_ arguments: String...) async throws -> Program.Outcome {
    try await program.run([arguments[0], "--config", "mmdicom.yaml"] + arguments.dropFirst())
  }

  private var overlay: String {
    get throws { try #require(program.files("outbox", ".overlay.dcm").first) }
  }

  private func result(_ ending: String) throws -> URL {
    program.folder.appending(path: "outbox/" + (try #require(program.files("outbox", ending).first)))
  }

  /// How many superseded results of a kind there are.
  private func kept(_ kind: String) -> Int {
    program.files("ledger/superseded", ".dcm").count { $0.contains(kind) }
  }

  @Test("a corrected header amends, another picture waits until it is accepted, and all can be read again")
  func story() async throws {
    try drop("a.dcm")
    #expect(try await ask("serve", "--once").status == 0)
    let first = try DICOMFile(reading: program.folder.appending(path: "outbox/" + overlay))
    #expect(first.dataSet[.referencedImageSequence] == nil)
    #expect(try await ask("explain", uid, "--replay").output.contains("replay: the same (file, weights, "))

    // The same pixels, compressed, under a corrected name.
    try drop("b.dcm", patient: "CORRECTED^NAME", as: .rleLossless)
    #expect(try await ask("serve", "--once").status == 0)
    let second = try DICOMFile(reading: program.folder.appending(path: "outbox/" + overlay))
    #expect(second.dataSet.string(.patientName) == "CORRECTED^NAME")
    let own = try #require(second.dataSet.string(.sopInstanceUID))
    let before = try #require(first.dataSet.string(.sopInstanceUID))
    #expect(own != before)
    let replaced = second.dataSet.items(.referencedImageSequence)
    #expect(replaced.map { $0.string(.referencedSOPInstanceUID) } == [before])
    #expect(
      replaced.first?.items(.purposeOfReferenceCodeSequence).first?.string(.codeMeaning)
        == "Result replaced by this one")
    let rows = program.report("outbox/report.csv")
    #expect(rows.count == 1 && rows[0]["notes"]?.split(separator: ";").contains("amended") == true)
    #expect(program.files("outbox", ".overlay.dcm").count == 1)
    // Its masks and its report say the same in their own ways.
    let masks = try DICOMFile(reading: result(".segmentation.dcm")).dataSet
    #expect(masks.items(.referencedImageSequence).count == 1)
    let report = try DICOMFile(reading: result(".report.dcm")).dataSet
    #expect(report.items(.predecessorDocumentsSequence).count == 1)
    #expect(kept(".overlay.") == 1 && kept(".segmentation.") == 1 && kept(".report.") == 1)

    try drop("c.dcm", changesPixel: true)
    #expect(try await ask("serve", "--once").status == 1)
    #expect(program.report("outbox/report.csv").map { $0["reason"] } == ["", "uid_conflict"])
    #expect(try await ask("status").output.contains("uid_conflict"))
    #expect(try await ask("retry", "--all").status == 1)
    #expect(try await ask("explain", uid).output.contains("conflicts with: "))
    #expect(try await ask("retry", "--accept", uid).status == 0)
    #expect(try await ask("serve", "--once").status == 0)
    #expect(program.report("outbox/report.csv").count == 1)
    #expect(kept(".overlay.") == 2 && kept(".report.") == 2)

    // All three, also those whose place others have taken.
    let replay = try await ask("explain", uid, "--replay")
    #expect(replay.status == 0, "\(replay.output)\(replay.complaints)")
    #expect(replay.output.components(separatedBy: "replay: the same (").count == 4)
    #expect(try await ask("audit").status == 0)
  }

  @Test("explain --json has the chain; a replay says where it breaks")
  func chain() async throws {
    try drop("a.dcm")
    #expect(try await ask("serve", "--once").status == 0)
    let output = try await ask("explain", uid, "--json").output
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    let file = try #require((document["files"] as? [[String: Any]])?.first)
    let chain = try #require(file["chain"] as? [[String: Any]])
    #expect(
      chain.compactMap { $0["step"] as? String } == [
        "file", "pixels", "tensor", "weights", "output", "output", "output", "output",
      ])
    #expect(chain.allSatisfy { ($0["sha256"] as? String)?.count == 64 })
    let events = try #require(file["events"] as? [[String: Any]])
    #expect(events.compactMap { $0["event"] as? String } == ["admitted", "claimed", "completed", "filed"])

    // Another model.
    let other = try Program()
    try RandomModel.write(to: other.model, remarks: ["version": "1"])
    let replay = try await program.run(
      ["explain", "--config", "mmdicom.yaml", uid, "--replay"],
      environment: ["MMDICOM_MODEL": other.model.path])
    #expect(replay.status == 1 && replay.complaints.contains("weights: was "))

    // A result that somebody touched, and a source that isn't what it was.
    let picture = program.folder.appending(path: "outbox/" + (try overlay))
    var bytes = try Data(contentsOf: picture)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: picture)
    #expect(try await ask("explain", uid, "--replay").output.contains("replay: breaks at overlay in "))
    try program.write("text", "done/a.dcm")
    #expect(try await ask("explain", uid, "--replay").output.contains("replay: breaks at file: was "))
  }

  @Test("after the ledger is lost, what was done is known again, and what amends it is told from a conflict")
  func rebuilt() async throws {
    try drop("a.dcm")
    try program.write("text", "inbox/text.txt")
    #expect(try await ask("serve", "--once").status == 1)
    let rows = program.read("outbox/report.csv")
    try Data(repeating: 0x5a, count: 3000).write(
      to: program.folder.appending(path: "ledger/ledger.sqlite"))
    #expect(try await ask("serve", "--once").complaints.contains("--rebuild-ledger"))
    try drop("again.dcm")
    #expect(try await ask("serve", "--once", "--rebuild-ledger").status == 0)
    #expect(program.read("outbox/report.csv") == rows)
    #expect(program.files("outbox", ".overlay.dcm").count == 1)
    #expect(program.files("done") == ["a.dcm", "again.dcm"])
    try drop("amended.dcm", patient: "CORRECTED^NAME")
    try drop("conflict.dcm", changesPixel: true)
    #expect(try await ask("serve", "--once").status == 1)
    #expect(program.files("outbox", ".overlay.dcm").count == 1)
    #expect(program.files("outbox").filter { $0.contains("-2.") } == [])
    let reasons = program.report("outbox/report.csv").map { $0["reason"] ?? "" }
    #expect(reasons.sorted() == ["", "not_dicom: text.txt", "uid_conflict"])
  }
}
