import Foundation
import TestSupport
import Testing

@Suite("mmdicom evaluate", .enabled(if: Program.url != nil, "the program isn't built"), .serialized)
struct EvaluateTests {
  private let program: Program

  init() throws { program = try Program() }

  /// Phantoms, all of them in one split.
  private func phantoms(_ count: Int, split: String) async throws {
    let outcome = try await program.run(
      "archive", "phantom", "--output", "archive", "--count", "\(count)", "--size", "96")
    try #require(outcome.status == 0, "\(outcome.complaints)")
    let labels = program.read("archive/labels.csv").split(whereSeparator: \.isNewline)
    let changed = labels.dropFirst().map {
      ($0.split(separator: ",", omittingEmptySubsequences: false).dropLast() + [Substring(split)])
        .joined(separator: ",")
    }
    try program.write(([String(labels[0])] + changed).joined(separator: "\n") + "\n", "archive/labels.csv")
  }

  private func evaluate(_ options: String...) async throws -> Program.Outcome {
    try await program.run(["evaluate", "--archive", "archive", "--cache", "cache"] + options)
  }

  private func object(_ json: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any], "\(json)")
  }

  @Test("figures as a table, as JSON and in files; calibration leaves the area and writes a model")
  func figures() async throws {
    try await phantoms(24, split: "val")
    let table = try await evaluate("--output", "out")
    #expect(table.status == 0, "\(table.complaints)")
    #expect(table.output.split(separator: "\n").allSatisfy { $0.count <= 120 })
    #expect(table.output.contains("findings") && table.output.contains("HD95"))
    #expect(program.read("out/images.csv").split(separator: "\r\n").count == 25)
    #expect(program.read("out/figures.csv").split(separator: "\r\n").last?.hasPrefix("all,24,") == true)

    let before = try object(try await evaluate("--json").output)
    #expect(try object(program.read("out/figures.json")) as NSDictionary == before as NSDictionary)
    let classes = try #require(before["classification"] as? [String: Any])
    let masks = try #require(before["segmentation"] as? [String: Any])
    #expect(classes["n"] as? Int == 24 && masks["n"] as? Int == 24)
    for key in ["sensitivity", "specificity"] {
      #expect(classes[key] is Double && (classes["\(key)_ci"] as? [Double])?.count == 2, "\(key)")
    }
    let saliency = try #require(before["saliency"] as? [String: Any])
    for key in ["energy_in_lungs", "pointing", "chance"] { #expect(saliency[key] is Double, "\(key)") }
    #expect(saliency["n"] as? Int == 24)
    #expect((classes["auroc_ci"] as? [Double])?.count == 2 && (masks["dice_ci"] as? [Double])?.count == 2)

    let calibrating = try await evaluate("--calibrate", "calibrated.safetensors", "--json")
    #expect(calibrating.status == 0, "\(calibrating.complaints)")
    #expect(calibrating.complaints.contains("calibration: temperature by log loss"))
    let promised = try object(calibrating.output)
    let again = try object(
      try await evaluate("--model", "calibrated.safetensors", "--split", "val", "--json").output)
    for key in ["temperature", "threshold", "model_sha256"] {
      #expect(again[key] as? NSObject == promised[key] as? NSObject, "\(key)")
    }
    for key in ["classification", "segmentation", "sources"] {
      #expect(again[key] as? NSDictionary == promised[key] as? NSDictionary, "\(key)")
    }
    let after = try #require(again["classification"] as? [String: Any])
    #expect(after["auroc"] as? Double == classes["auroc"] as? Double)
    #expect(again["threshold"] as? Double != 0.5)
    let verified = try await program.run("model", "verify", "calibrated.safetensors")
    #expect(verified.status == 0, "\(verified.complaints)")
    let info = try await program.run("model", "info", "calibrated.safetensors")
    #expect(info.output.contains("calibration: temperature by log loss"))
    #expect(info.output.contains("validation: 24 findings: accuracy"))
  }

  @Test("the convention of masks is named where it is known, and a file that doesn't say it is refused")
  func conventions() async throws {
    try await phantoms(4, split: "val")
    #expect(try object(try await evaluate("--json").output)["mask_conventions"] == nil)
    try program.write(
      "Source,MaskConvention\nPHANTOM-001,whole\nPHANTOM-002,visible\nelsewhere,whole\n", "masks.csv")
    let named = try object(try await evaluate("--conventions", "masks.csv", "--json").output)
    #expect(
      named["mask_conventions"] as? [String: String] == ["PHANTOM-001": "whole", "PHANTOM-002": "visible"])
    let table = try await evaluate("--conventions", "masks.csv")
    #expect(table.output.contains("whole lungs, with what the heart hides: PHANTOM-001\n"), "\(table.output)")
    #expect(table.output.contains("two conventions: a Dice over all of them mixes both"))
    #expect(table.output.split(separator: "\n").allSatisfy { $0.count <= 120 })
    #expect(named["visible_measured_as_such"] as? Bool == false)
    try program.write("Source,MaskConvention\nPHANTOM-001,half\n", "masks.csv")
    let bad = try await evaluate("--conventions", "masks.csv")
    #expect(
      bad.status == 65
        && bad.complaints.contains("masks.csv: line 2: a source and whole"))
    #expect(try await evaluate("--conventions", "none.csv").status == 66)
  }

  @Test("a model that draws both kinds of masks is measured by the one that a source's masks are of")
  func bothConventions() async throws {
    try await phantoms(4, split: "val")
    try RandomModel.write(to: program.model, drawsVisible: true)
    try program.write("Source,MaskConvention\nPHANTOM-001,whole\nPHANTOM-002,visible\n", "masks.csv")
    func dice(_ figures: [String: Any], _ source: String) throws -> Double {
      let sources = try #require(figures["sources"] as? [String: [String: Any]])
      return try #require((sources[source]?["segmentation"] as? [String: Any])?["dice"] as? Double)
    }
    let unnamed = try object(try await evaluate("--json").output)
    let named = try object(try await evaluate("--conventions", "masks.csv", "--json").output)
    #expect(named["visible_measured_as_such"] as? Bool == true)
    #expect(try dice(named, "PHANTOM-001") == dice(unnamed, "PHANTOM-001"))
    #expect(try dice(named, "PHANTOM-002") != dice(unnamed, "PHANTOM-002"))
    let table = try await evaluate("--conventions", "masks.csv")
    #expect(table.output.contains("each is held against what the model draws of its kind"), "\(table.output)")
  }

  @Test("what can't be measured or calibrated is refused in one line")
  func refusals() async throws {
    try await phantoms(2, split: "val")
    let empty = try await evaluate("--split", "test")
    #expect(empty.status == 65 && empty.complaints.contains("no labelled images"))
    let wrong = try await evaluate("--split", "valid")
    #expect(wrong.status == 64)
    let few = try await evaluate("--calibrate", "calibrated.safetensors")
    #expect(few.status == 65 && few.complaints.contains("can't calibrate: fewer than 10"))
    #expect(program.files(".", "calibrated.safetensors").isEmpty)
    let trained = try await evaluate("--calibrate", "calibrated.safetensors", "--split", "train")
    #expect(trained.status == 64 && trained.complaints.contains("--calibrate is for the val split"))
  }
}
