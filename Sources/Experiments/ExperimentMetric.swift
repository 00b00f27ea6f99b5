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
    }
  }

  /// Images that it is drawn from; nil for none.
  func count(in figures: Evaluation.Figures?) -> Int? {
    switch self {
    case .accuracy, .f1Normal, .f1Pneumonia, .auroc, .ece: figures?.classification?.n
    case .dice, .jaccard, .ssim, .hausdorff95: figures?.segmentation?.n
    }
  }
}
