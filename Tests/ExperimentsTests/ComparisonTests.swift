import Archive
import EvaluationMetrics
import Experiments
import Foundation
import MultiMix
import TestSupport
import Testing
import Training

/// What SciPy, scikit-learn and NumPy say of pairs of models (`Tests/EvaluationMetricsTests/Goldens/make_comparisons.py`).
private struct ComparisonGoldens: Decodable {
  struct Test: Decodable {
    let onlyFirst, onlySecond: Int
    let p: Double
    enum CodingKeys: String, CodingKey {
      case onlyFirst = "only_first"
      case onlySecond = "only_second"
      case p
    }
  }

  struct Difference: Decodable {
    let value: Double
    let interval: [Double]
  }

  struct Differences: Decodable { let accuracy, auroc, dice: Difference }

  struct Comparison: Decodable {
    let patients: [String]
    let labels: [Bool]
    /// By seed, then model, then image.
    let probabilities, diceValues: [[[Double]]]
    let mcnemar: [Test]
    let bySeed: [Differences]
    let together: Differences
    enum CodingKeys: String, CodingKey {
      case patients, labels, probabilities, mcnemar, together
      case diceValues = "dice_values"
      case bySeed = "by_seed"
    }
  }

  let mcnemar: [Test]
  let comparisons: [Comparison]

  static func read() throws -> ComparisonGoldens {
    let url = TestEnvironment.packageRoot.appending(
      path: "Tests/EvaluationMetricsTests/Goldens/comparisons.json")
    return try JSONDecoder().decode(ComparisonGoldens.self, from: Data(contentsOf: url))
  }
}

/// Whether a difference between two models is more than chance.
@Suite struct ComparisonTests {
  @Test func mcNemarIsTheBinomialTest() throws {
    for golden in try ComparisonGoldens.read().mcnemar {
      let (first, second) = (golden.onlyFirst, golden.onlySecond)
      let test = McNemar(onlyFirst: first, onlySecond: second)
      #expect(abs(test.pValue - golden.p) < 1e-11 * golden.p, "\(first) : \(second)")
      #expect(McNemar(onlyFirst: second, onlySecond: first).pValue == test.pValue)
    }
    let marks = McNemar(first: [true, true, false, false, true], second: [true, false, true, false, false])
    #expect(marks == McNemar(onlyFirst: 2, onlySecond: 1))
  }

  private func agree(_ found: PairedDifference?, _ golden: ComparisonGoldens.Difference) throws {
    let found = try #require(found)
    let interval = try #require(found.interval)
    #expect(abs(found.value - golden.value) < 1e-12)
    #expect(abs(interval.lower - golden.interval[0]) < 1e-12)
    #expect(abs(interval.upper - golden.interval[1]) < 1e-12)
  }

  private func grid(seeds: Int, systems: String = #""umtl-s", "multimix""#) throws -> ExperimentGrid {
    try ExperimentGrid(
      Data(
        """
        {"name": "made-up", "systems": [\(systems)], "seeds": \(Array(1...seeds)), "compare": [\(systems)],
         "labels": [{"classification": 100, "segmentation": 10}], "tests": [{"name": "in-domain"}]}
        """.utf8))
  }

  private func readings(_ golden: ComparisonGoldens.Comparison, seed: Int, model: Int) -> [Reading] {
    golden.labels.indices.map { image in
      Reading(
        sopInstanceUID: "1.2.\(image)", finding: golden.labels[image] ? .pneumonia : .normal,
        pneumoniaProbability: golden.probabilities[seed][model][image],
        dice: golden.diceValues[seed][model][image])
    }
  }

  private func comparisons(_ golden: ComparisonGoldens.Comparison, of grid: ExperimentGrid)
    -> [PairedComparison]
  {
    let patients = Dictionary(
      uniqueKeysWithValues: golden.patients.enumerated().map { ("1.2.\($0.offset)", $0.element) })
    let lists = Dictionary(
      uniqueKeysWithValues: grid.cells.map { cell in
        let model = cell.system == .multimix ? 1 : 0
        var list = self.readings(golden, seed: Int(cell.seed) - 1, model: model)
        // The order in which a model read them is its own affair.
        if model == 1 { list.reverse() }
        return (cell, ["in-domain": list])
      })
    return PairedComparison.all(of: grid, readings: lists, patients: patients)
  }

  /// By seed and with all seeds together; patients with several images; ties of scores.
  @Test func differencesAreTheScripts() throws {
    for golden in try ComparisonGoldens.read().comparisons {
      let seeds = golden.probabilities.count
      let found = comparisons(golden, of: try grid(seeds: seeds))
      #expect(found.map(\.seeds) == (1...seeds).map { [UInt64($0)] } + [(1...seeds).map { UInt64($0) }])
      for (comparison, expected) in zip(found, golden.bySeed + [golden.together]) {
        let findings = try #require(comparison.findings)
        let masks = try #require(comparison.masks)
        #expect(findings.n == golden.labels.count && masks.n == golden.labels.count)
        try agree(findings.accuracy, expected.accuracy)
        try agree(findings.auroc, expected.auroc)
        try agree(masks.dice, expected.dice)
      }
      for (comparison, expected) in zip(found, golden.mcnemar) {
        let test = try #require(comparison.findings?.mcNemar)
        #expect(test == McNemar(onlyFirst: expected.onlyFirst, onlySecond: expected.onlySecond))
        #expect(abs(test.pValue - expected.p) < 1e-12)
      }
      // Readings of one image by several seeds aren't independent.
      #expect(found.last?.findings?.mcNemar == nil)
    }
  }

  @Test func tableAndFileSayTheSame() throws {
    let golden = try #require(ComparisonGoldens.read().comparisons.first)
    let grid = try grid(seeds: 2)
    let table = ExperimentTable(grid, [], comparisons: comparisons(golden, of: grid))
    let text = table.markdown
    let test = golden.mcnemar[0]
    #expect(text.contains("### On the same images"))
    #expect(
      text.contains(
        "which takes images as independent: where patients have several, p tends to be too small."))
    #expect(
      text.contains(
        "| 100 / 10 | in-domain | 1 | 60 | \(test.onlyFirst) : \(test.onlySecond) | "
          + String(format: test.p < 0.1 ? "%.3f" : "%.2f", test.p) + " | "))
    #expect(text.contains("| 100 / 10 | in-domain | mean of 2 | 60 |  |  | "))
    let lines = table.comparisonsCSV.components(separatedBy: "\r\n")
    let names = lines[0].components(separatedBy: ",")
    let rows = lines.dropFirst().dropLast().map { line in
      Dictionary(uniqueKeysWithValues: zip(names, line.components(separatedBy: ",")))
    }
    #expect(rows.map { $0["seeds"] } == ["1", "2", "1 2"])
    #expect(rows.map { $0["only_second_right"] } == golden.mcnemar.map { "\($0.onlySecond)" } + [""])
    #expect(rows.map { $0["mcnemar_p"] } == golden.mcnemar.map { String(format: "%.6f", $0.p) } + [""])
    for (key, difference) in [
      ("accuracy", golden.together.accuracy), ("auroc", golden.together.auroc),
      ("dice", golden.together.dice),
    ] {
      let found = ["difference", "low", "high"].map { rows[2]["\(key)_\($0)"] }
      #expect(
        found == ([difference.value] + difference.interval).map { String(format: "%.6f", $0) }, "\(key)")
    }
  }

  /// A system is compared in what both learned; cells without Dice by image are compared in their findings.
  @Test func onlyWhatBothLearnedIsCompared() throws {
    let golden = try #require(ComparisonGoldens.read().comparisons.first)
    let findings = comparisons(golden, of: try grid(seeds: 2, systems: #""enc", "multimix""#))
    #expect(findings.count == 3 && findings.allSatisfy { $0.findings != nil && $0.masks == nil })
    let masks = comparisons(golden, of: try grid(seeds: 2, systems: #""unet", "multimix""#))
    #expect(masks.count == 3 && masks.allSatisfy { $0.findings == nil && $0.masks != nil })
    #expect(comparisons(golden, of: try grid(seeds: 2, systems: #""unet", "enc""#)).isEmpty)
    let old = #"[{"sopInstanceUID": "1.2", "finding": "normal", "pneumoniaProbability": 0.25}]"#
    let reading = try JSONDecoder().decode([Reading].self, from: Data(old.utf8))
    #expect(
      reading == [Reading(sopInstanceUID: "1.2", finding: .normal, pneumoniaProbability: 0.25, dice: nil)])
  }

  /// Of cells that were measured before Dice was kept by image there are findings only; the other seeds' masks still
  /// have their mean, and a row that says whose it is.
  @Test func aSeedWithoutDiceTakesNothingFromTheOthers() throws {
    let golden = try #require(ComparisonGoldens.read().comparisons.first)
    try #require(golden.probabilities.count == 2)
    let grid = try grid(seeds: 3)
    let lists = Dictionary(
      uniqueKeysWithValues: grid.cells.map { cell in
        let seed = Int(cell.seed)
        let list = readings(golden, seed: min(seed, 2) - 1, model: cell.system == .multimix ? 1 : 0)
        let old = list.map {
          Reading(
            sopInstanceUID: $0.sopInstanceUID, finding: $0.finding,
            pneumoniaProbability: $0.pneumoniaProbability, dice: nil)
        }
        return (cell, ["in-domain": seed == 3 && cell.system == .multimix ? old : list])
      })
    let patients = Dictionary(
      uniqueKeysWithValues: golden.patients.enumerated().map { ("1.2.\($0.offset)", $0.element) })
    let found = PairedComparison.all(of: grid, readings: lists, patients: patients)
    #expect(found.map(\.seeds) == [[1], [2], [3], [1, 2, 3], [1, 2]])
    #expect(found.map { $0.findings != nil } == [true, true, true, true, false])
    #expect(found.map { $0.masks != nil } == [true, true, false, false, true])
    try agree(found[4].masks?.dice, golden.together.dice)
  }

  /// What one model has not read is no part of the comparison; a cell that is missing neither.
  @Test func imagesArePaired() throws {
    let grid = try grid(seeds: 2)
    func reading(_ image: Int, _ probability: Double) -> Reading {
      Reading(
        sopInstanceUID: "1.2.\(image)", finding: image < 3 ? .normal : .pneumonia,
        pneumoniaProbability: probability, dice: nil)
    }
    let first = (0..<6).map { reading($0, 0.9) }
    let second = (1..<7).reversed().map { reading($0, $0 < 3 ? 0.1 : 0.9) }
    let found = PairedComparison.all(
      of: grid,
      readings: [grid.cells[0]: ["in-domain": first], grid.cells[1]: ["in-domain": second]], patients: [:])
    #expect(found.count == 1 && found[0].seeds == [1])
    let findings = try #require(found[0].findings)
    #expect(findings.n == 5 && findings.mcNemar == McNemar(onlyFirst: 0, onlySecond: 2))
    #expect(abs(findings.accuracy.value - 0.4) < 1e-12 && abs(findings.auroc!.value - 0.5) < 1e-12)
  }
}
