internal import EvaluationMetrics
internal import Training

/// A column of the table.
enum ExperimentMetric: String, CaseIterable, Sendable {
  case accuracy
  case f1Normal = "f1_normal"
  case f1Pneumonia = "f1_pneumonia"
  case auroc
  case ece
  case dice
  case jaccard
  case ssim
  case hausdorff95
  case sensitivity
  case specificity
  case balancedAccuracy = "balanced_accuracy"
  case saliencyInLungs = "saliency_in_lungs"
  case pointsAtLungs = "points_at_lungs"

  /// As the table heads it.
  var title: String {
    switch self {
    case .accuracy: "Acc"
    case .f1Normal: "F1-N"
    case .f1Pneumonia: "F1-P"
    case .auroc: "AUROC"
    case .ece: "ECE"
    case .dice: "DS"
    case .jaccard: "JS"
    case .ssim: "SSIM"
    case .hausdorff95: "HD95"
    case .sensitivity: "Sens"
    case .specificity: "Spec"
    case .balancedAccuracy: "BAcc"
    case .saliencyInLungs: "Sal"
    case .pointsAtLungs: "Point"
    }
  }

  /// Digits behind the point.
  var digits: Int { self == .hausdorff95 ? 1 : 3 }

  func value(in figures: Evaluation.Figures?) -> Double? {
    let (c, s) = (figures?.classification, figures?.segmentation)
    return switch self {
    case .accuracy: c?.accuracy
    case .f1Normal: c?.f1Normal
    case .f1Pneumonia: c?.f1Pneumonia
    case .auroc: c?.auroc
    case .ece: c?.ece
    case .dice: s?.dice
    case .jaccard: s?.jaccard
    case .ssim: s?.ssim
    case .hausdorff95: s?.hausdorff95
    case .sensitivity: c?.sensitivity
    case .specificity: c?.specificity
    case .balancedAccuracy: c.flatMap(Self.balanced)
    case .saliencyInLungs: figures?.saliency?.energyInLungs
    case .pointsAtLungs: figures?.saliency?.pointing
    }
  }

  /// The mean of sensitivity and specificity; the one there is where a source has one finding only.
  private static func balanced(_ c: ClassificationMetrics) -> Double? {
    let shares = [c.sensitivity, c.specificity].compactMap(\.self)
    return shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count)
  }

  /// Images that it is drawn from; nil for none.
  func count(in figures: Evaluation.Figures?) -> Int? {
    switch self {
    case .accuracy, .f1Normal, .f1Pneumonia, .auroc, .ece, .sensitivity, .specificity, .balancedAccuracy:
      figures?.classification?.n
    case .saliencyInLungs, .pointsAtLungs: figures?.saliency?.n
    case .dice, .jaccard, .ssim, .hausdorff95: figures?.segmentation?.n
    }
  }
}
