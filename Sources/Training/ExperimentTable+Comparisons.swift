internal import Archive
internal import Foundation
internal import MultiMix

extension ExperimentTable {
  /// One line for each comparison, test and seed, and one for all seeds together (RFC 4180).
  package var comparisonsCSV: String {
    let differences = ["accuracy", "auroc", "dice"].flatMap {
      ["\($0)_difference", "\($0)_low", "\($0)_high"]
    }
    let header =
      [
        "first_system", "first_variant", "second_system", "second_variant", "classification_labels",
        "segmentation_labels", "test", "seeds", "findings", "only_first_right", "only_second_right",
        "mcnemar_p", "masks",
      ] + differences
    let lines = comparisons.map { comparison -> [String] in
      let (match, labels) = (comparison.match, comparison.labels)
      let (findings, masks) = (comparison.findings, comparison.masks)
      let cells = [match.first, match.second].map { ExperimentCell($0, labels, seed: 0) }
      let names = [match.first, match.second].flatMap { [$0.system.rawValue, $0.variant ?? ""] }
      let budgets = [
        cells.lazy.compactMap(\.classification).first, cells.lazy.compactMap(\.segmentation).first,
      ].map { $0?.description ?? "" }
      let test = findings?.mcNemar
      let counts = [
        comparison.test, comparison.seeds.map(String.init).joined(separator: " "),
        findings.map { "\($0.n)" } ?? "", test.map { "\($0.onlyFirst)" } ?? "",
        test.map { "\($0.onlySecond)" } ?? "", test.map { String(format: "%.6f", $0.pValue) } ?? "",
        masks.map { "\($0.n)" } ?? "",
      ]
      let figures = [findings?.accuracy, findings?.auroc, masks?.dice].flatMap { difference in
        [difference?.value, difference?.interval?.lower, difference?.interval?.upper].map {
          $0.map { String(format: "%.6f", $0) } ?? ""
        }
      }
      return names + budgets + counts + figures
    }
    return CommaSeparatedValues.text([header] + lines)
  }

  /// What the same images say of two arms.
  func paired(_ match: ExperimentGrid.Match) -> [String] {
    let comparisons = comparisons.filter { $0.match == match }
    guard !comparisons.isEmpty else { return [] }
    let lines = comparisons.map { comparison -> String in
      let (findings, masks) = (comparison.findings, comparison.masks)
      let seeds =
        comparison.seeds.count == 1 ? "\(comparison.seeds[0])" : "mean of \(comparison.seeds.count)"
      let cells = [
        match.words(comparison.labels), comparison.test, seeds, findings.map { "\($0.n)" } ?? "",
        findings?.mcNemar.map { "\($0.onlyFirst) : \($0.onlySecond)" } ?? "",
        findings?.mcNemar.map { Self.probability($0.pValue) } ?? "", Self.text(findings?.accuracy),
        Self.text(findings?.auroc), masks.map { "\($0.n)" } ?? "", Self.text(masks?.dice),
      ]
      return "| " + cells.joined(separator: " | ") + " |"
    }
    return [
      "### On the same images", "",
      "Right only: images whose finding only \(grid.title(match.first)) : only \(grid.title(match.second)) calls "
        + "rightly at threshold 0.5; p: of McNemar's exact test, two-sided. Differences with the middle 95 % of 2,000 "
        + "resamples of whole patients, each read by both: what other patients could change, not other seeds. "
        + "Neither allows for the number of comparisons on this page.", "",
      "| labels | test | seed | findings | right only | p | Acc | AUROC | masks | DS |",
      "|---|---|--:|--:|--:|--:|---|---|--:|---|",
    ] + lines + [""]
  }

  private static func probability(_ p: Double) -> String {
    p < 0.001 ? "< 0.001" : String(format: p < 0.1 ? "%.3f" : "%.2f", p)
  }

  private static func text(_ difference: PairedDifference?) -> String {
    guard let difference else { return "" }
    let interval = difference.interval.map {
      " (\(signed($0.lower, digits: 3)) to \(signed($0.upper, digits: 3)))"
    }
    return signed(difference.value, digits: 3) + (interval ?? "")
  }
}
