internal import MultiMix
internal import Training

/// The figures that the paper publishes (arXiv 2110.13185), for scale: they are of other images (JSRT and
/// pediatric CheX in-domain, MCU and NIH cross-domain) at 256 pixels.
struct PaperFigures: Sendable {
  let system: System
  /// nil where the system doesn't learn from such labels.
  let classification, segmentation: ExperimentGrid.Amount?
  let accuracy, f1Normal, f1Pneumonia, dice, ssim: Double?
  let crossAccuracy, crossDice: Double?

  private init(
    _ system: System, _ classification: ExperimentGrid.Amount?, _ segmentation: ExperimentGrid.Amount?,
    accuracy: Double? = nil, f1: (Double, Double)? = nil, dice: Double? = nil, ssim: Double? = nil,
    crossAccuracy: Double? = nil, crossDice: Double? = nil
  ) {
    (self.system, self.classification, self.segmentation) = (system, classification, segmentation)
    (self.accuracy, f1Normal, f1Pneumonia) = (accuracy, f1?.0, f1?.1)
    (self.dice, self.ssim) = (dice, ssim)
    (self.crossAccuracy, self.crossDice) = (crossAccuracy, crossDice)
  }

  /// Its headline table. The Hausdorff distances are left out: the paper doesn't state their unit.
  static let all: [PaperFigures] = [
    .init(.unet, nil, .all, dice: 0.915, ssim: 0.929, crossDice: 0.838),
    .init(.enc, .all, nil, accuracy: 0.737, f1: (0.534, 0.838), crossAccuracy: 0.434),
    .init(.encSSL, .count(1000), nil, accuracy: 0.822, f1: (0.692, 0.876), crossAccuracy: 0.486),
    .init(
      .umtl, .all, .all, accuracy: 0.731, f1: (0.447, 0.822), dice: 0.932, ssim: 0.957,
      crossAccuracy: 0.443, crossDice: 0.854),
    .init(
      .umtlS, .all, .all, accuracy: 0.723, f1: (0.413, 0.817), dice: 0.974, ssim: 0.957,
      crossAccuracy: 0.433, crossDice: 0.916),
    .init(
      .multimix, .count(100), .count(10), accuracy: 0.800, f1: (0.594, 0.856), dice: 0.954, ssim: 0.938,
      crossAccuracy: 0.440, crossDice: 0.857),
    .init(
      .multimix, .count(1000), .count(10), accuracy: 0.817, f1: (0.647, 0.865), dice: 0.954, ssim: 0.932,
      crossAccuracy: 0.520, crossDice: 0.862),
    .init(
      .multimix, .count(1000), .all, accuracy: 0.830, f1: (0.586, 0.856), dice: 0.974, ssim: 0.953,
      crossAccuracy: 0.570, crossDice: 0.936),
    .init(
      .multimix, .all, .count(50), accuracy: 0.854, f1: (0.760, 0.890), dice: 0.970, ssim: 0.956,
      crossAccuracy: 0.560, crossDice: 0.935),
  ]

  /// What it says of a metric in a test of that name; nil for nothing.
  func value(of metric: ExperimentMetric, test: String) -> Double? {
    switch (test, metric) {
    case ("in-domain", .accuracy): accuracy
    case ("in-domain", .f1Normal): f1Normal
    case ("in-domain", .f1Pneumonia): f1Pneumonia
    case ("in-domain", .dice): dice
    case ("in-domain", .ssim): ssim
    case ("cross-domain", .accuracy): crossAccuracy
    case ("cross-domain", .dice): crossDice
    default: nil
    }
  }
}
