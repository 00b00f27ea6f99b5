import EvaluationMetrics
import Experiments
import Foundation
import MultiMix
import Testing
import Training

/// Means and spreads over seeds, and where they stand.
@Suite struct ExperimentTableTests {
  private static let grid = try! ExperimentGrid(
    Data(
      """
      {"name": "made-up", "systems": ["enc", "multimix"], "seeds": [1, 2, 3], "compare": ["enc", "multimix"],
       "labels": [{"classification": 100, "segmentation": 10}], "tests": [{"name": "in-domain"}]}
      """.utf8))

  /// Ten images, of which the model gets `right`.
  private func record(_ cell: ExperimentCell, right: Int, of grid: ExperimentGrid = Self.grid) -> CellRecord {
    var figures = try! JSONDecoder().decode(Evaluation.Figures.self, from: Data("{}".utf8))
    figures.classification = ClassificationMetrics(
      probabilities: (0..<10).map { $0 < right ? 0.9 : 0.1 },
      labels: Array(repeating: true, count: 10), threshold: 0.5)
    return CellRecord(
      cell, grid, archive: "a", findings: 98, masks: 10, figures: ["in-domain": figures])
  }

  private func table(_ right: [String: Int]) -> ExperimentTable {
    ExperimentTable(
      Self.grid,
      Self.grid.cells.compactMap { cell in right[cell.name].map { record(cell, right: $0) } })
  }

  private let whole = [
    "enc-c100-seed1": 5, "enc-c100-seed2": 6, "enc-c100-seed3": 7, "multimix-c100-s10-seed1": 8,
    "multimix-c100-s10-seed2": 9, "multimix-c100-s10-seed3": 7,
  ]

  @Test func summariesAreMeanAndSampleDeviation() {
    let summary = Summary([2, 4, 4, 4, 5, 5, 7, 9])
    #expect(summary.mean == 5 && summary.n == 8)
    #expect(abs(summary.deviation! - 2.138089935299395) < 1e-12)  // statistics.stdev
    #expect(Summary([3]).deviation == nil)
  }

  @Test func csvHoldsMeanSpreadAndThePaper() throws {
    let lines = table(whole).csv.components(separatedBy: "\r\n")
    #expect(lines.count == 4 && lines.last == "")
    let names = lines[0].components(separatedBy: ",")
    let rows = lines[1...2].map { line in
      Dictionary(uniqueKeysWithValues: zip(names, line.components(separatedBy: ",")))
    }
    #expect(rows.map { $0["system"] } == ["enc", "multimix"])
    #expect(rows.map { $0["segmentation_labels"] } == ["", "10"])
    #expect(rows.map { $0["seeds"] } == ["3", "3"])
    #expect(rows.map { $0["accuracy_mean"] } == ["0.600000", "0.800000"])
    #expect(rows.map { $0["accuracy_sd"] } == ["0.100000", "0.100000"])
    #expect(rows.map { $0["accuracy_paper"] } == ["", "0.800000"])
    #expect(rows.map { $0["dice_mean"] } == ["", ""])
  }

  @Test func everySeedHasItsLine() {
    let lines = table(whole).cellsCSV.components(separatedBy: "\r\n")
    #expect(lines.count == 8)
    #expect(
      lines.contains { $0.hasPrefix("multimix-c100-s10-seed2,multimix,,100,10,98,10,2,in-domain,0.900000,") })
  }

  @Test func markdownSaysWhereItsFiguresComeFrom() {
    let text = table(whole).markdown
    #expect(text.contains("| Enc | 100 / - | 3 | 0.600 ± 0.100 |"))
    #expect(text.contains("| *MultiMix, paper* | *100 / 10* | | *0.800* |"))
    #expect(text.contains("on other data"))
    #expect(text.contains("| 100 / 10 | in-domain | Acc | +0.200 ± 0.173 | +0.300, +0.300, +0.000 |"))
    #expect(!text.contains("Not complete"))
  }

  @Test func variantsHaveRowsAndDifferencesOfTheirOwn() throws {
    let grid = try ExperimentGrid(
      Data(
        """
        {"name": "made-up", "systems": ["multimix"], "seeds": [1, 2], "tests": [{"name": "in-domain"}],
         "labels": [{"classification": 100, "segmentation": 10}],
         "variants": [{"name": "ema", "title": "moving average", "training": {"emaDecay": 0.9}}]}
        """.utf8))
    // seed 1: 5 and 7 right, seed 2: 6 and 7.
    let records = zip(grid.cells, [5, 7, 6, 7]).map { record($0, right: $1, of: grid) }
    let table = ExperimentTable(grid, records)
    let text = table.markdown
    #expect(text.contains("| MultiMix | 100 / 10 | 2 | 0.550 ± 0.071 |"))
    #expect(text.contains("| MultiMix, moving average | 100 / 10 | 2 | 0.700 ± 0.000 |"))
    #expect(text.contains("## MultiMix, moving average less MultiMix"))
    #expect(text.contains("| 100 / 10 | in-domain | Acc | +0.150 ± 0.071 | +0.200, +0.100 |"))
    // The paper's figures stand beside its own training only.
    #expect(text.components(separatedBy: "MultiMix, paper* | *100 / 10").count == 2)
    #expect(table.csv.contains("\r\nmultimix,ema,100,10,in-domain,2,0.700000,0.000000,,"))
    #expect(table.cellsCSV.contains("\r\nmultimix-ema-c100-s10-seed2,multimix,ema,100,10,98,10,2,"))
  }

  @Test func whatIsMissingIsSaid() {
    var some = whole
    some["multimix-c100-s10-seed3"] = nil
    some["enc-c100-seed2"] = nil
    let text = table(some).markdown
    #expect(text.contains("2 of 6 trainings are missing"))
    #expect(text.contains("| Enc | 100 / - | 2 | 0.600 ± 0.141 |"))
    // Only the first seed has both.
    #expect(text.contains("| 100 / 10 | in-domain | Acc | +0.300 | +0.300 |"))
  }
}
