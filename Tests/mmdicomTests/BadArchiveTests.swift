import DICOM
import Foundation
import Testing

/// Nobody trains on a faulty archive unawares: the fault is counted in one line, and nothing is written until
/// the user accepts what is left.
@Suite(
  "mmdicom train on archives with faults", .enabled(if: Program.url != nil, "the program isn't built"),
  .serialized)
struct BadArchiveTests {
  /// What may be wrong with six phantoms; the fifth is for validation, every second has pneumonia.
  enum Fault: CaseIterable, Sendable {
    case oneClass, otherMaskSize, severalMasks, labelsWithoutImages, patientInTwoSplits

    /// How training counts it.
    var complaint: String {
      switch self {
      case .oneClass: "one class only: all 5 findings for training are normal"
      case .otherMaskSize:
        "2 masks of another size than the image, left out (first: PHANTOM-001/lungs.seg.dcm)"
      case .severalMasks:
        "2 images with several masks, whose union would be used (first: PHANTOM-001/dx.dcm)"
      case .labelsWithoutImages:
        "2 labels for images that aren't in the archive, left out (first: labels.csv:8)"
      case .patientInTwoSplits:
        "1 patient in more than one split, which makes validation look too good (labels.csv:8)"
      }
    }

    /// What is left to train on, and to validate with.
    var streams: String {
      let masks = self == .otherMaskSize ? "3 masks, 2 without" : "5 masks, 0 without"
      let validation = self == .patientInTwoSplits ? 2 : 1
      return "streams: \(masks); 5 findings, 0 without; validation \(validation) images\n"
    }
  }

  private let program: Program

  init() throws { program = try Program() }

  private func url(_ path: String) -> URL { program.folder.appending(path: "archive/\(path)") }

  private func phantoms() async throws {
    let outcome = try await program.run(
      "archive", "phantom", "--output", "archive", "--count", "6", "--size", "96")
    try #require(outcome.status == 0, "\(outcome.complaints)")
  }

  private func labels(_ change: (String) -> String) throws {
    try program.write(change(program.read("archive/labels.csv")), "archive/labels.csv")
  }

  private func spoil(with fault: Fault) throws {
    switch fault {
    case .oneClass: try labels { $0.replacing(",pneumonia,", with: ",normal,") }
    case .otherMaskSize:
      for patient in ["PHANTOM-001", "PHANTOM-003"] {
        try writeMask("lungs.seg.dcm", of: patient, rows: 24)
      }
    case .severalMasks:
      for patient in ["PHANTOM-001", "PHANTOM-003"] { try writeMask("second.seg.dcm", of: patient) }
    case .labelsWithoutImages:
      try labels { $0 + "1.2.3,Nobody,normal,train\n1.2.4,Nobody,pneumonia,train\n" }
    case .patientInTwoSplits: try writeSecondImage()
    }
  }

  /// A mask that takes everything for lung.
  /// - Parameter rows: as many as the image has, if nil.
  private func writeMask(_ name: String, of patient: String, rows: Int? = nil) throws {
    var source = try DICOMFile.header(of: url("\(patient)/dx.dcm"))
    if let rows { source.set(.rows, rows) }
    let pixels = (source.integer(.rows) ?? 0) * (source.integer(.columns) ?? 0)
    let lungs = Segmentation.Segment(
      label: "Lungs", type: .bothLungs, mask: [UInt8](repeating: 1, count: pixels))
    let equipment = Equipment(
      manufacturer: "Someone", modelName: "Else", serialNumber: "2", softwareVersions: ["1"])
    let segmentation = try Segmentation(
      of: source, segments: [lungs], equipment: equipment,
      identity: ResultIdentity(objectKind: "second reader", modelSHA256: "", configurationDigest: ""),
      seriesDescription: "Second", derivationDescription: "Drawn by hand", algorithmName: "Hand",
      createdAt: Date(timeIntervalSince1970: 0))
    try segmentation.write(to: url("\(patient)/\(name)"))
  }

  /// The fourth phantom, which is trained on, once more under another UID, to validate with.
  private func writeSecondImage() throws {
    let image = try DICOMFile(reading: url("PHANTOM-004/cr.dcm"))
    let uid = UID.derived(from: ["test", "second image"])
    var dataSet = image.dataSet
    dataSet.set(.sopInstanceUID, uid)
    let pixels = try image.frame(0).pixels.map { UInt8($0) }
    try DICOMWriter.write(
      dataSet, pixels: .bytes(frames: [pixels]), as: .explicitVRLittleEndian,
      to: url("PHANTOM-004/second.dcm"))
    try labels { $0 + "\(uid),PHANTOM-004,pneumonia,val\n" }
  }

  private func train(_ more: [String] = []) async throws -> Program.Outcome {
    try await program.run(
      [
        "train", "--archive", "archive", "--cache", "cache", "--output", "run", "--stages", "32x2",
        "--batch", "2,1,2,1", "--threads", "2",
      ] + more)
  }

  /// One line says why, and nothing is written that could be taken for a model.
  private func expectRefusal(_ outcome: Program.Outcome, _ reason: String) {
    #expect(outcome.status == 65)
    let lines = outcome.complaints.split(separator: "\n").map(String.init)
    let complaints = lines.filter { $0.hasPrefix("mmdicom: ") }
    #expect(complaints == ["mmdicom: not ready for training: \(reason)"], "\(outcome.complaints)")
    #expect(outcome.output.isEmpty)
    #expect(program.files("run").isEmpty)
  }

  @Test("a fault is counted in one line and nothing is written", arguments: Fault.allCases)
  func refused(_ fault: Fault) async throws {
    try await phantoms()
    try spoil(with: fault)
    expectRefusal(
      try await train(),
      "\(fault.complaint); mend this, or say --accept-problems to train all the same")
  }

  @Test("what is left of an archive is trained on once the fault is accepted", arguments: Fault.allCases)
  func accepted(_ fault: Fault) async throws {
    try await phantoms()
    try spoil(with: fault)
    let outcome = try await train(["--accept-problems"])
    #expect(outcome.status == 0)
    for part in [fault.streams, "accepted: \(fault.complaint)\n"] {
      #expect(outcome.complaints.contains(part), "\(outcome.complaints)")
    }
    #expect(outcome.output.hasSuffix("run/model.safetensors\n"))
    let verified = try await program.run("model", "verify", "run/model.safetensors")
    #expect(verified.status == 0, "\(verified.complaints)")
  }

  @Test("an archive without labels is refused, whatever the user accepts")
  func noLabels() async throws {
    try await phantoms()
    for path in program.files("archive") where path.hasSuffix(".seg.dcm") || path.hasSuffix(".csv") {
      try FileManager.default.removeItem(at: url(path))
    }
    // Without splits of its own, the archive gives one image in ten to validation, of six one.
    let reason = "no labels at all: none of the 5 images for training has a finding or a lung mask"
    expectRefusal(try await train(), reason)
    expectRefusal(try await train(["--accept-problems"]), reason)
  }

  @Test("masks that are all of another size leave nothing to accept")
  func noUsableMask() async throws {
    try await phantoms()
    for path in program.files("archive", ".seg.dcm") where !path.hasPrefix("PHANTOM-001/") {
      try FileManager.default.removeItem(at: url(path))
    }
    try writeMask("lungs.seg.dcm", of: "PHANTOM-001", rows: 24)
    expectRefusal(
      try await train(["--accept-problems"]),
      "none of the 5 images for training has a lung mask, which multimix learns from "
        + "(--system enc and enc-ssl need findings only)")
  }
}
