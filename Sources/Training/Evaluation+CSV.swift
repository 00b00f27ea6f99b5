internal import Archive
internal import EvaluationMetrics
internal import Files
internal import Foundation

extension Evaluation {
  /// One line per image, RFC 4180. `pneumonia_logit` is the score of pneumonia less that of normal, before the
  /// temperature; distances in pixels of an image of 256 x 256.
  public var csv: String {
    let header = [
      "sop_instance_uid", "source", "split", "finding", "pneumonia_probability", "called", "pneumonia_logit",
      "dice", "jaccard", "ssim", "hausdorff", "hausdorff95", "precision", "recall", "predicted_fraction",
      "reference_fraction", "age", "saliency_in_lungs", "lungs_chance", "points_at_lungs",
      "left_open",
    ]
    let lines = rows.map { row -> [String] in
      let s = row.segmentation
      let figures = [
        s?.dice, s?.jaccard, s?.ssim, s?.hausdorff, s?.hausdorff95, s?.precision, s?.recall,
        s?.predictedFraction, s?.referenceFraction,
      ]
      let called: Finding = row.pneumoniaProbability >= threshold ? .pneumonia : .normal
      return [
        row.image.sopInstanceUID, row.image.source, row.image.split?.rawValue ?? "",
        row.image.finding?.rawValue ?? "", Self.decimal(row.pneumoniaProbability, 6), called.rawValue,
        Self.decimal(row.pneumoniaLogit, 6),
      ] + figures.map { Self.decimal($0, 5) } + [
        Self.decimal(row.image.traits?.age, 1), Self.decimal(row.saliency?.energy, 5),
        Self.decimal(row.saliency?.chance, 5), row.saliency.map { $0.pointsInside ? "1" : "0" } ?? "",
        abstentionBand.map { $0.contains(row.pneumoniaProbability) ? "1" : "0" } ?? "",
      ]
    }
    return CommaSeparatedValues.text([header] + lines)
  }

  /// One line per set of images, RFC 4180; empty where a figure isn't defined. A source's name, `age 5-17`, or `all`.
  public static func csv(of sets: [(name: String, figures: Figures)]) -> String {
    let header = [
      "source", "findings", "accuracy", "accuracy_low", "accuracy_high", "auroc", "auroc_low", "auroc_high",
      "f1_normal", "f1_pneumonia", "precision", "recall", "ece", "true_negative", "false_positive",
      "false_negative", "true_positive", "masks", "dice", "dice_low", "dice_high", "jaccard", "ssim",
      "hausdorff", "hausdorff95", "mask_precision", "mask_recall", "sensitivity", "sensitivity_low",
      "sensitivity_high", "specificity", "specificity_low", "specificity_high", "saliency_images",
      "saliency_in_lungs", "saliency_in_lungs_low", "saliency_in_lungs_high", "lungs_chance",
      "points_at_lungs",
      "points_at_lungs_low", "points_at_lungs_high", "decided", "coverage", "decided_error",
    ]
    let lines = sets.map { name, figures -> [String] in
      let (c, s) = (figures.classification, figures.segmentation)
      let finding = [
        c?.accuracy, c?.accuracyInterval?.lower, c?.accuracyInterval?.upper, c?.auroc,
        c?.aurocInterval?.lower, c?.aurocInterval?.upper, c?.f1Normal, c?.f1Pneumonia, c?.precision,
        c?.recall, c?.ece,
      ].map { decimal($0, 5) }
      let confusion = [
        c?.confusion.trueNegative, c?.confusion.falsePositive, c?.confusion.falseNegative,
        c?.confusion.truePositive,
      ].map { $0.map { "\($0)" } ?? "" }
      let mask = [
        s?.dice, s?.diceInterval?.lower, s?.diceInterval?.upper, s?.jaccard, s?.ssim, s?.hausdorff,
        s?.hausdorff95, s?.precision, s?.recall,
      ].map { decimal($0, 5) }
      let e = figures.saliency
      let shares = [
        c?.sensitivity, c?.sensitivityInterval?.lower, c?.sensitivityInterval?.upper, c?.specificity,
        c?.specificityInterval?.lower, c?.specificityInterval?.upper,
      ].map { decimal($0, 5) }
      let saliency = [
        e?.energyInLungs, e?.energyInterval?.lower, e?.energyInterval?.upper, e?.chance, e?.pointing,
        e?.pointingInterval?.lower, e?.pointingInterval?.upper,
      ].map { decimal($0, 5) }
      return [name, "\(c?.n ?? 0)"] + finding + confusion + ["\(s?.n ?? 0)"] + mask + shares
        + ["\(e?.n ?? 0)"] + saliency
        + [
          figures.decided.map { "\($0.n)" } ?? "", decimal(figures.decided?.coverage, 5),
          decimal(figures.decided?.error, 5),
        ]
    }
    return CommaSeparatedValues.text([header] + lines)
  }

  private static func decimal(_ value: Double?, _ places: Int) -> String {
    value.map { String(format: "%.\(places)f", $0) } ?? ""
  }
}
