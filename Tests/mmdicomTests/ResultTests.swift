import DICOM
import Foundation
import TestSupport
import Testing

/// The objects that a run leaves, looked at by validators and by other toolkits.
@Suite("Result objects", .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct ResultTests {
  private let program: Program

  init() throws { program = try Program() }

  private static let kinds = ["overlay", "segmentation", "report", "presentation"]

  /// Phantoms with their masks, whose lungs a model of random weights outlines somehow.
  private func analyse(
    _ count: Int = 2, results: String? = nil, model: String? = nil
  ) async throws {
    let made = try await program.run(
      "archive", "phantom", "--output", "in", "--count", "\(count)", "--size", "256")
    try #require(made.status == 0, "\(made.complaints)")
    for path in program.files("in") where path.hasSuffix(".seg.dcm") || path.hasSuffix(".csv") {
      try FileManager.default.removeItem(at: program.folder.appending(path: "in/\(path)"))
    }
    let asked = (results.map { ["--results", $0] } ?? []) + (model.map { ["--model", $0] } ?? [])
    let outcome = try await program.run(["analyze", "in", "--output", "out"] + asked)
    try #require(outcome.status == 0, "\(outcome.complaints)")
  }

  @Test("the first three by default, all four or any one on demand, and only what there is")
  func selection() async throws {
    try await analyse()
    for kind in Self.kinds {
      #expect(program.files("out", ".\(kind).dcm").count == (kind == "presentation" ? 0 : 2))
    }
    for row in program.report("out/report.csv") {
      let names = (row["outputs"] ?? "").split(separator: ";")
      #expect(names.count == 4 && names.allSatisfy { program.exists("out/\($0)") })
    }
    let alone = try await program.run("analyze", "in", "--output", "alone", "--results", "presentation")
    #expect(alone.status == 0)
    #expect(
      program.files("alone", ".dcm").count == 2 && program.files("alone", ".presentation.dcm").count == 2)
    #expect(program.files("alone", ".png") == [])
    for wrong in ["", "overlays", "overlay,,pdf"] {
      #expect(try await program.run("analyze", "in", "--output", "x", "--results", wrong).status == 64)
    }
  }

  @Test(
    "no error for dciodvfy, nor for dcentvfy between source and results",
    .enabled(
      if: TestEnvironment.tool("dciodvfy") != nil && TestEnvironment.tool("dcentvfy") != nil,
      "needs dciodvfy and dcentvfy (dicom3tools)"))
  func validity() async throws {
    try await analyse(3, results: Self.kinds.joined(separator: ","))
    let objects = program.files("out", ".dcm").map { program.folder.appending(path: "out/\($0)") }
    #expect(objects.count == 12)
    func errors(_ tool: String, _ files: [URL]) throws -> [String] {
      try TestEnvironment.run(#require(TestEnvironment.tool(tool)), files.map(\.path)).output
        .split(separator: "\n").map(String.init).filter { $0.contains("Error") }
    }
    for object in objects { #expect(try errors("dciodvfy", [object]) == []) }
    let sources = program.files("in", ".dcm").map { program.folder.appending(path: "in/\($0)") }
    #expect(try errors("dcentvfy", sources + objects) == [])
  }

  @Test("object and messages of a finding agree that nobody has answered for it yet")
  func preliminary() async throws {
    try await analyse(1, results: "report,hl7,fhir")
    func content(_ ending: String) throws -> (url: URL, text: String) {
      let name = try #require(program.files("out", ending).first)
      return (program.folder.appending(path: "out/\(name)"), program.read("out/\(name)"))
    }
    let report = try DICOMFile(reading: content(".report.dcm").url).dataSet
    #expect(
      report.string(.verificationFlag) == "UNVERIFIED" && report.string(.preliminaryFlag) == "PRELIMINARY")
    let segments = try content(".hl7").text.split(separator: "\r").map {
      $0.split(separator: "|", omittingEmptySubsequences: false)
    }
    let states = segments.compactMap { $0[0] == "OBR" ? $0[25] : $0[0] == "OBX" ? $0[11] : nil }
    #expect(states.count > 5 && Set(states) == ["P"])
    let message =
      try JSONSerialization.jsonObject(with: Data(content(".fhir.json").text.utf8)) as? [String: Any]
    let observations = try #require(message?["contained"] as? [[String: Any]])
    #expect(Set(([message ?? [:]] + observations).map { $0["status"] as? String }) == ["preliminary"])
  }

  @Test("all results of an image name one patient, request and study, however many it states")
  func identity() async throws {
    try await analyse(1)
    let image = try #require(program.files("in", ".dcm").first)
    let url = program.folder.appending(path: "in/\(image)")
    let file = try DICOMFile(reading: url)
    var dataSet = file.dataSet
    dataSet.set(.patientID, ["1234", "5678"])
    dataSet.set(.accessionNumber, ["", "X2"])
    dataSet.remove(.studyInstanceUID)
    dataSet.set(.bitsAllocated, 16)
    let frame = try file.frame(0)
    try DICOMWriter.write(
      dataSet, pixels: .words(frames: [frame.pixels.map { UInt16(truncatingIfNeeded: $0) }]),
      as: .explicitVRLittleEndian, to: url)
    for (folder, kinds) in [("all", "report,hl7,fhir"), ("messages", "hl7,fhir")] {
      let outcome = try await program.run("analyze", "in", "--output", folder, "--results", kinds)
      try #require(outcome.status == 0, "\(outcome.complaints)")
      func text(_ ending: String) throws -> String {
        let name = try #require(program.files(folder, ending).first)
        return program.read("\(folder)/\(name)")
      }
      let segments = try text(".hl7").split(separator: "\r").map {
        $0.split(separator: "|", omittingEmptySubsequences: false)
      }
      #expect(segments[1][3] == "1234 5678" && segments[2][3] == "X2")
      let message = try JSONSerialization.jsonObject(with: Data(text(".fhir.json").utf8)) as? [String: Any]
      let subject = (message?["subject"] as? [String: Any])?["identifier"] as? [String: Any]
      #expect(subject?["value"] as? String == "1234 5678")
      if let name = program.files(folder, ".report.dcm").first {
        let report = try DICOMFile.header(of: program.folder.appending(path: "\(folder)/\(name)"))
        #expect(report.strings(.patientID) == ["1234 5678"] && report.strings(.accessionNumber) == ["X2"])
        let study = try #require(report.string(.studyInstanceUID))
        #expect(try text(".hl7").contains(study))
      }
      let row = try #require(program.report("\(folder)/report.csv").first)
      #expect(row["patient_id"] == "1234\\5678" && row["accession_number"] == "\\X2")
      let notes = Set((row["notes"] ?? "").split(separator: ";").map(String.init))
      #expect(
        notes.isSuperset(of: [
          "patient_id_normalised", "accession_number_shortened", "study_instance_uid_replaced",
        ]), "\(notes)")
    }
  }

  @Test("a rerun leaves every object as it is, and another model's results have other UIDs")
  func rerun() async throws {
    try await analyse(results: Self.kinds.joined(separator: ","))
    let names = program.files("out", ".dcm")
    func contents() throws -> [Data] {
      try names.map { try Data(contentsOf: program.folder.appending(path: "out/\($0)")) }
    }
    let before = try contents()
    // Over a second: times in objects are in seconds.
    try await Task.sleep(for: .milliseconds(1100))
    _ = try await program.run([
      "analyze", "in", "--output", "out", "--results", Self.kinds.joined(separator: ","),
    ])
    #expect(try contents() == before)
    // A damaged one is written anew.
    try before[0].prefix(500).write(to: program.folder.appending(path: "out/\(names[0])"))
    _ = try await program.run([
      "analyze", "in", "--output", "out", "--results", Self.kinds.joined(separator: ","),
    ])
    #expect(try Data(contentsOf: program.folder.appending(path: "out/\(names[0])")).count == before[0].count)
  }

  @Test("objects of one study share a series for each kind, with numbers of their own")
  func series() async throws {
    try await analyse(4)
    // All in one study.
    let study = UID.derived(from: ["study of four"])
    for (index, path) in program.files("in", ".dcm").enumerated() {
      let url = program.folder.appending(path: "in/\(path)")
      let file = try DICOMFile(reading: url)
      var dataSet = file.dataSet
      dataSet.set(.studyInstanceUID, study)
      dataSet.set(.bodyPartExamined, "CHEST")
      dataSet.set(.sopInstanceUID, UID.derived(from: ["image \(index)"]))
      dataSet.set(.bitsAllocated, 16)
      let frame = try file.frame(0)
      try DICOMWriter.write(
        dataSet, pixels: .words(frames: [frame.pixels.map { UInt16(truncatingIfNeeded: $0) }]),
        as: .explicitVRLittleEndian, to: url)
    }
    _ = try await program.run("analyze", "in", "--output", "one")
    for kind in ["overlay", "segmentation", "report"] {
      let headers = try program.files("one", ".\(kind).dcm").map {
        try DICOMFile.header(of: program.folder.appending(path: "one/\($0)"))
      }
      #expect(headers.count == 4)
      #expect(Set(headers.map { $0.uid(.seriesInstanceUID) }).count == 1)
      #expect(Set(headers.map { $0.integer(.instanceNumber) }).count == 4)
    }
  }

  @Test(
    "pydicom and highdicom find the same mask, probability and references in all objects",
    .enabled(if: TestEnvironment.python != nil, "needs MMDICOM_PYTHON with pydicom and highdicom"))
  func readBack() async throws {
    // The released model finds the lungs of phantoms.
    let model = TestEnvironment.packageRoot.appending(path: "samples/multimix.safetensors").path
    try await analyse(2, results: Self.kinds.joined(separator: ","), model: model)
    let script = TestEnvironment.packageRoot.appending(path: "Tests/Conformance/read_back.py").path
    let folder = program.folder
    let result = try TestEnvironment.run(
      #require(TestEnvironment.python),
      ["-W", "ignore", script, folder.appending(path: "out").path, folder.appending(path: "in").path])
    #expect(result.status == 0, "\(result.output)")
    let rows = program.report("out/report.csv")
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == 2)
    for line in lines {
      let parts = line.split(separator: " ", maxSplits: 3).map(String.init)
      let row = try #require(rows.first { $0["sop_instance_uid"] == parts[0] })
      #expect(row["pneumonia_probability"] == parts[1])
      #expect(parts[2] == (row["finding"] == "pneumonia" ? "Present" : "Absent"))
      #expect(parts[3].hasPrefix("[1, 2] 2 "))
      // The line is smoothed by a fraction of the network's pixel.
      #expect(parts[3].split(separator: " ").last.flatMap { Double($0) }.map { $0 > 0.95 } == true, "\(line)")
    }
  }
}
