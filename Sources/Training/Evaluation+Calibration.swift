internal import Archive
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
    changed.abstentionBand = nil
    return reading(by: changed)
  }

  /// The same images with another temperature, threshold and band.
  private func reading(by changed: ModelMetadata) -> Evaluation {
    Evaluation(
      rows: rows.map {
        Row(
          image: $0.image, pneumoniaLogit: $0.pneumoniaLogit,
          pneumoniaProbability: changed.pneumoniaProbability(ofLogit: $0.pneumoniaLogit),
          segmentation: $0.segmentation, saliency: $0.saliency, lungs: $0.lungs)
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

extension Evaluation {
  /// The largest threshold at which pneumonia is found this often, on average over the sources with at least ten such
  /// images: a large source counts no more than a small one. Half-way to the next lower probability; nil where there
  /// is no such source.
  public func threshold(forSensitivity wanted: Double) -> Double? {
    let bySource = probabilities(pneumonia: true)
    guard !bySource.isEmpty else { return nil }
    let candidates = Set(bySource.joined()).sorted(by: >)
    guard let reached = candidates.first(where: { Self.share(of: bySource, from: $0) >= wanted }) else {
      return nil
    }
    let below = classified.map(\.pneumoniaProbability).filter { $0 < reached }.max() ?? 0
    return (reached + below) / 2
  }

  /// The probabilities at which the finding is better left open, about the threshold: below them at most this share of the
  /// pneumonia lies, above them at most this share of the normal images, each on average over the sources with at least
  /// ten such images: two errors that no prevalence moves. Nil where the threshold alone does as well, or where either
  /// isn't known.
  public func abstentionBand(forError allowed: Double) -> Range<Double>? {
    guard let lower = threshold(forSensitivity: 1 - allowed) else { return nil }
    let normal = probabilities(pneumonia: false)
    guard !normal.isEmpty else { return nil }
    let candidates = Set(normal.joined()).sorted()
    let upper = candidates.first { Self.share(of: normal, from: $0.nextUp) <= allowed }?.nextUp ?? 1
    let (from, to) = (min(lower, threshold), max(upper, threshold))
    return from < to ? from..<to : nil
  }

  /// Which share of the probabilities is at least `bound`, each source counting alike.
  private static func share(of bySource: [[Double]], from bound: Double) -> Double {
    bySource.reduce(0) { sum, probabilities in
      sum + Double(probabilities.count { $0 >= bound }) / Double(probabilities.count)
    } / Double(bySource.count)
  }

  /// Of the images with a finding, source by source, where there are at least ten of them.
  private func probabilities(pneumonia: Bool) -> [[Double]] {
    sources.map { source in
      classified.filter { $0.image.source == source && $0.isPneumonia == pneumonia }.map(
        \.pneumoniaProbability)
    }.filter { $0.count >= Calibration.fewestOfAClass }
  }

  /// The same readings by a model that leaves this band open.
  public func abstaining(in band: Range<Double>?) -> Evaluation {
    var changed = metadata
    changed.abstentionBand = band
    return reading(by: changed)
  }

  /// Whether the gate behind the network would refuse hardly any of these images, of which all show lungs: one in two
  /// hundred at most. A model with poor masks refuses many.
  public var lungsAreFound: Bool {
    system.segments && !rows.isEmpty && 200 * rows.count(where: { $0.lungs == .notFound }) <= rows.count
  }
}

extension ModelMetadata {
  /// Takes temperature and threshold from the evaluation of this model's weights on the validation split, and
  /// notes how they and the figures came about; has a gate for lungs where that refuses hardly any of these images.
  /// - Parameter sensitivity: what the threshold shall be chosen for, see ``Evaluation/threshold(forSensitivity:)``;
  ///   nil takes the largest Youden's J.
  /// - Parameter error: what the band of uncertain probabilities shall be chosen for, see
  ///   ``Evaluation/abstentionBand(forError:)``; nil leaves nothing open.
  public mutating func calibrate(on validation: Evaluation, sensitivity: Double? = nil, error: Double? = nil)
  {
    var (evaluation, remark) = validation.calibrated()
    if let sensitivity, let threshold = evaluation.threshold(forSensitivity: sensitivity) {
      evaluation = evaluation.applying(
        Calibration(temperature: evaluation.metadata.temperature, threshold: threshold))
      remark += "; threshold then for a sensitivity of \(sensitivity), sources alike"
    }
    if let error {
      evaluation = evaluation.abstaining(in: evaluation.abstentionBand(forError: error))
      remark +=
        "; left open where more than \(error) of either class would be called the other, sources alike"
    }
    abstentionBand = evaluation.metadata.abstentionBand
    temperature = evaluation.metadata.temperature
    decisionThreshold = evaluation.metadata.decisionThreshold
    calibration = remark
    gatesLungs = validation.lungsAreFound
    self.validation = evaluation.figures().summary + " (on the images that it was chosen and calibrated on)"
  }
}
