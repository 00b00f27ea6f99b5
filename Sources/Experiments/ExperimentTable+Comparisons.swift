internal import EvaluationMetrics
internal import Files
internal import Foundation
internal import MultiMix

extension ExperimentTable {
  /// One line for each comparison, test and seed, and one for all seeds together (RFC 4180).
  package var comparisonsCSV: String {
    var header = [
      "first_system", "first_variant", "second_system", "second_variant", "classification_labels",
      "segmentation_labels", "test", "seeds", "findings", "only_first_right", "only_second_right",
      "mcnemar_p", "masks",
    ]
    for figure in ["accuracy", "auroc", "dice"] {
      for part in ["difference", "low", "high"] { header.append("\(figure)_\(part)") }
    }
    return CommaSeparatedValues.text([header] + comparisons.map(fields))
  }

  private func fields(_ comparison: PairedComparison) -> [String] {
    let match = comparison.match
    var fields: [String] = []
    for arm in [match.first, match.second] { fields += [arm.system.rawValue, arm.variant ?? ""] }
    for amount in match.budgets(comparison.labels) { fields.append(amount?.description ?? "") }
    fields += [comparison.test, comparison.seeds.map(String.init).joined(separator: " ")]
    fields.append(Self.text(comparison.findings?.n))
    fields.append(Self.text(comparison.findings?.mcNemar?.onlyFirst))
    fields.append(Self.text(comparison.findings?.mcNemar?.onlySecond))
    fields.append(Self.decimal(comparison.findings?.mcNemar?.pValue))
    fields.append(Self.text(comparison.masks?.n))
    let differences: [PairedDifference?] = [
      comparison.findings?.accuracy, comparison.findings?.auroc, comparison.masks?.dice,
    ]
    for difference in differences {
      fields.append(Self.decimal(difference?.value))
      fields.append(Self.decimal(difference?.interval?.lower))
      fields.append(Self.decimal(difference?.interval?.upper))
    }
    return fields
  }

  /// What the same images say of two arms.
  func paired(_ match: ExperimentGrid.Match) -> [String] {
    let lines = comparisons.filter { $0.match == match }.map(line)
    guard !lines.isEmpty else { return [] }
    let (first, second) = (grid.title(match.first), grid.title(match.second))
    let legend = [
      "Right only: images whose finding only \(first) : only \(second) calls rightly at threshold 0.5; p: of",
      "McNemar's exact test, two-sided, which takes images as independent: where patients have several, p tends to",
      "be too small. Differences with the middle 95 % of 2,000 resamples of whole patients,",
      "each read by both: what other patients could change, not other seeds. Neither allows for the number of",
      "comparisons on this page.",
    ]
    let heading = [
      "### On the same images", "", legend.joined(separator: " "), "",
      "| labels | test | seed | findings | right only | p | Acc | AUROC | masks | DS |",
      "|---|---|--:|--:|--:|--:|---|---|--:|---|",
    ]
    return heading + lines + [""]
  }

  private func line(_ comparison: PairedComparison) -> String {
    let seeds = comparison.seeds
    var cells = [comparison.match.words(comparison.labels), comparison.test]
    cells.append(seeds.count == 1 ? "\(seeds[0])" : "mean of \(seeds.count)")
    cells.append(Self.text(comparison.findings?.n))
    if let test = comparison.findings?.mcNemar {
      cells += ["\(test.onlyFirst) : \(test.onlySecond)", Self.probability(test.pValue)]
    } else {
      cells += ["", ""]
    }
    cells += [Self.text(comparison.findings?.accuracy), Self.text(comparison.findings?.auroc)]
    cells += [Self.text(comparison.masks?.n), Self.text(comparison.masks?.dice)]
    return "| " + cells.joined(separator: " | ") + " |"
  }

  private static func probability(_ p: Double) -> String {
    if p < 0.001 { return "< 0.001" }
    return String(format: p < 0.1 ? "%.3f" : "%.2f", p)
  }

  private static func text(_ count: Int?) -> String { count.map(String.init) ?? "" }

  private static func decimal(_ value: Double?) -> String {
    guard let value else { return "" }
    return String(format: "%.6f", value)
  }

  private static func text(_ difference: PairedDifference?) -> String {
    guard let difference else { return "" }
    let value = signed(difference.value, digits: 3)
    guard let interval = difference.interval else { return value }
    return "\(value) (\(signed(interval.lower, digits: 3)) to \(signed(interval.upper, digits: 3)))"
  }
}
