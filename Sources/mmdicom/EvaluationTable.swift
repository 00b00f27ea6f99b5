import Archive
internal import EvaluationMetrics
import Foundation
import Training

/// The figures for people, at most 120 columns wide.
struct EvaluationTable {
  let report: EvaluationReport

  var text: String {
    var blocks: [[String]] = []
    let sets = report.sets
    if report.classification != nil { blocks.append(classification(sets)) }
    if report.classification != nil { blocks.append(decisions(sets)) }
    if report.decided != nil { blocks.append(decided(sets)) }
    if report.segmentation != nil { blocks.append(segmentation(sets)) }
    if report.saliency != nil { blocks.append(saliency(sets)) }
    let settings =
      "threshold \(Self.short(report.threshold)), temperature \(Self.short(report.temperature)); intervals: 95 %, "
      + "\(report.intervals.resamples) bootstrap resamples of patients"
    blocks.append([settings])
    return blocks.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n")
  }

  private typealias Sets = [(name: String, figures: Evaluation.Figures)]

  private func classification(_ sets: Sets) -> [String] {
    let header =
      Self.name("findings") + "     n accur.  AUROC  (95 %)             F1-N   F1-P precis. recall    ECE"
      + "    TN    FP    FN    TP"
    return [header]
      + sets.compactMap { name, figures in
        guard let c = figures.classification else { return nil }
        let counts = [
          c.confusion.trueNegative, c.confusion.falsePositive, c.confusion.falseNegative,
          c.confusion.truePositive,
        ]
        return Self.name(name) + Self.count(c.n) + Self.figure(c.accuracy) + Self.figure(c.auroc)
          + Self.interval(c.aurocInterval) + Self.figure(c.f1Normal) + Self.figure(c.f1Pneumonia)
          + Self.figure(c.precision, width: 8) + Self.figure(c.recall) + Self.figure(c.ece)
          + counts.map(Self.count).joined()
      } + ["TN, FP: normal called normal, pneumonia; FN, TP: pneumonia called normal, pneumonia"]
  }

  /// Whose masks are of what, each convention in a line.
  private var conventions: [String] {
    guard let known = report.maskConventions else { return [] }
    let lines = MaskConvention.allCases.compactMap { convention -> String? in
      let sources = known.filter { $0.value == convention }.keys.sorted().joined(separator: ", ")
      guard !sources.isEmpty else { return nil }
      return convention == .whole
        ? "whole lungs, with what the heart hides: \(sources)" : "lung fields as they are seen: \(sources)"
    }
    guard lines.count > 1 else { return lines }
    return lines + [
      report.visibleMeasuredAsSuch == true
        ? "two conventions: each is held against what the model draws of its kind"
        : "two conventions: a Dice over all of them mixes both"
    ]
  }

  private func decisions(_ sets: Sets) -> [String] {
    let header = Self.name("at the threshold") + "normal  specificity (95 %)   pneumonia  sensitivity (95 %)"
    return [header]
      + sets.compactMap { name, figures in
        guard let c = figures.classification else { return nil }
        let normal = c.confusion.trueNegative + c.confusion.falsePositive
        return Self.name(name) + Self.count(normal) + Self.figure(c.specificity)
          + Self.interval(c.specificityInterval) + "   " + Self.count(c.n - normal)
          + Self.figure(c.sensitivity) + Self.interval(c.sensitivityInterval)
      } + ["specificity: normal called normal; sensitivity: pneumonia called pneumonia"]
  }

  private func decided(_ sets: Sets) -> [String] {
    let header =
      Self.name("not left open") + "     n coverage (95 %)           error (95 %)            missed  false"
    let band = report.abstentionBand.map { "\(Self.short($0[0])) to \(Self.short($0[1]))" } ?? "none"
    return [header]
      + sets.compactMap { name, figures in
        guard let d = figures.decided else { return nil }
        return Self.name(name) + Self.count(d.n) + Self.figure(d.coverage) + Self.interval(d.coverageInterval)
          + Self.figure(d.error) + Self.interval(d.errorInterval) + Self.figure(d.missed)
          + Self.figure(d.falseAlarms)
      } + [
        "left open: probabilities \(band); error: of those decided; missed, false: of all pneumonia called normal, of all",
        "normal images called pneumonia",
      ]
  }

  private func saliency(_ sets: Sets) -> [String] {
    let header = Self.name("saliency") + "     n  energy (95 %)           points (95 %)           chance"
    return [header]
      + sets.compactMap { name, figures in
        guard let s = figures.saliency else { return nil }
        return Self.name(name) + Self.count(s.n) + Self.figure(s.energyInLungs)
          + Self.interval(s.energyInterval)
          + Self.figure(s.pointing) + Self.interval(s.pointingInterval) + Self.figure(s.chance)
      } + [
        "within the lungs: share of the saliency; share of images whose largest value is; the lungs' share of the picture"
      ]
  }

  private func segmentation(_ sets: Sets) -> [String] {
    let header =
      Self.name("masks")
      + "     n   Dice  (95 %)          Jaccard   SSIM Hausdorff   HD95 precis. recall"
    return [header]
      + sets.compactMap { name, figures in
        guard let s = figures.segmentation else { return nil }
        return Self.name(name) + Self.count(s.n) + Self.figure(s.dice) + Self.interval(s.diceInterval)
          + Self.figure(s.jaccard, width: 8) + Self.figure(s.ssim)
          + String(format: "%10.2f%7.2f", s.hausdorff, s.hausdorff95)
          + Self.figure(s.precision, width: 8) + Self.figure(s.recall)
      } + ["Hausdorff, HD95: pixels at \(SegmentationMetrics.distanceSize); means over images"]
      + conventions
  }

  /// 20 columns.
  private static func name(_ name: String) -> String {
    let shown = name.isEmpty ? "(root)" : name.count > 19 ? name.prefix(18) + "~" : name
    return shown.padding(toLength: 20, withPad: " ", startingAt: 0)
  }

  private static func count(_ n: Int) -> String { String(format: "%6d", n) }

  private static func figure(_ value: Double?, width: Int = 7) -> String {
    value.map { String(format: "%\(width).4f", $0) } ?? String(repeating: " ", count: width - 1) + "-"
  }

  /// 17 columns.
  private static func interval(_ interval: ConfidenceInterval?) -> String {
    guard let interval else { return String(repeating: " ", count: 17) }
    return String(format: " (%.3f to %.3f)", interval.lower, interval.upper)
  }

  private static func short(_ value: Double) -> String { String(format: "%.4g", value) }
}
