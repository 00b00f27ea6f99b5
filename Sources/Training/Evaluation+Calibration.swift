public import EvaluationMetrics
internal import Foundation
public import MultiMix

extension Evaluation {
  /// Temperature and threshold for the images with a finding; nil where there are too few of a class.
  public func fittedCalibration() -> Calibration? {
    Calibration(logits: classified.map(\.pneumoniaLogit), labels: classified.map(\.isPneumonia))
  }

  /// The same images as a model with this calibration reads them.
  public func applying(_ calibration: Calibration) -> Evaluation {
    var changed = metadata
    changed.temperature = calibration.temperature
    changed.decisionThreshold = calibration.threshold
    return Evaluation(
      rows: rows.map {
        Row(
          image: $0.image, pneumoniaLogit: $0.pneumoniaLogit,
          pneumoniaProbability: changed.pneumoniaProbability(ofLogit: $0.pneumoniaLogit),
          segmentation: $0.segmentation)
      }, metadata: changed)
  }

  /// The mean log loss of the findings at the model's temperature.
  public var logLoss: Double {
    Calibration.logLoss(
      logits: classified.map(\.pneumoniaLogit), labels: classified.map(\.isPneumonia),
      temperature: metadata.temperature)
  }

  /// The evaluation after calibration on itself, and what came of it in words. Where there are too few findings
  /// temperature and threshold stay as they are.
  ///
  /// The evaluation must be that of the validation split: on images of the training the scores are too sure,
  /// and on those of the test the figures would be too good.
  public func calibrated() -> (evaluation: Evaluation, remark: String) {
    guard let calibration = fittedCalibration() else {
      return (self, "none: fewer than \(Calibration.fewestOfAClass) validation images of a class")
    }
    let after = applying(calibration)
    func change(_ before: Double, _ after: Double) -> String { String(format: "%.4f -> %.4f", before, after) }
    let errors = [self, after].map { $0.figures(withIntervals: false).classification?.ece ?? 0 }
    return (
      after,
      "temperature by log loss, threshold by Youden's J, on \(classified.count) validation images; "
        + "ECE \(change(errors[0], errors[1])), log loss \(change(logLoss, after.logLoss))"
    )
  }
}

extension ModelMetadata {
  /// Takes temperature and threshold from the evaluation of this model's weights on the validation split, and
  /// notes how they and the figures came about.
  public mutating func calibrate(on validation: Evaluation) {
    let (evaluation, remark) = validation.calibrated()
    temperature = evaluation.metadata.temperature
    decisionThreshold = evaluation.metadata.decisionThreshold
    calibration = remark
    self.validation = evaluation.figures().summary + " (on the images that it was chosen and calibrated on)"
  }
}
