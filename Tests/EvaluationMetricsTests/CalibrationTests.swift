import EvaluationMetrics
import Foundation
import TestSupport
import Testing
import Training

@Suite struct CalibrationTests {
  private func probabilities(_ logits: [Double], _ temperature: Double) -> [Double] {
    logits.map { 1 / (1 + exp(-$0 / temperature)) }
  }

  /// Temperature against SciPy's bounded search, threshold against scikit-learn's ROC curve.
  @Test func temperatureAndThreshold() throws {
    for golden in try MetricGoldens.read().calibration {
      let calibration = try #require(Calibration(logits: golden.logits, labels: golden.labels))
      #expect(abs(calibration.temperature / golden.temperature - 1) < 1e-6)
      #expect(abs(calibration.threshold - golden.threshold) < 1e-6)
      func loss(_ temperature: Double) -> Double {
        Calibration.logLoss(logits: golden.logits, labels: golden.labels, temperature: temperature)
      }
      #expect(abs(loss(1) - golden.lossBefore) < 1e-12)
      #expect(loss(calibration.temperature) <= golden.loss + 1e-12)

      let after = probabilities(golden.logits, calibration.temperature)
      let metrics = ClassificationMetrics(
        probabilities: after, labels: golden.labels, threshold: calibration.threshold)
      let c = metrics.confusion
      let specificity = Double(c.trueNegative) / Double(c.trueNegative + c.falsePositive)
      #expect(abs(metrics.recall + specificity - 1 - golden.youden) < 1e-12)
      #expect(!after.contains(calibration.threshold))
      #expect(abs(metrics.ece - golden.ece) < 1e-6)
      // The order of the images is the same, and so is the area.
      let before = ClassificationMetrics(
        probabilities: probabilities(golden.logits, 1), labels: golden.labels, threshold: 0.5)
      #expect(metrics.auroc == before.auroc)
      #expect(abs((metrics.auroc ?? 0) - golden.auroc) < 1e-12)
    }
  }

  @Test func tooFewImagesOfAClass() {
    let logits = (0..<40).map { Double($0) - 20 }
    #expect(Calibration(logits: [], labels: []) == nil)
    #expect(Calibration(logits: logits, labels: logits.map { _ in true }) == nil)
    #expect(Calibration(logits: logits, labels: logits.map { $0 > 10 }) == nil)  // nine
    #expect(Calibration(logits: logits, labels: logits.map { $0 > 9 }) != nil)  // ten
  }

  @Test func separableImagesKeepTheirTemperature() throws {
    let logits = (0..<40).map { Double($0) - 19.5 }
    let calibration = try #require(Calibration(logits: logits, labels: logits.map { $0 > 0 }))
    #expect(calibration == Calibration(temperature: 1, threshold: 0.5))
  }

  @Test func scoresThatTellNothing() throws {
    let labels = (0..<40).map { $0 % 2 == 0 }
    let same = try #require(Calibration(logits: labels.map { _ in 3 }, labels: labels))
    #expect(same.threshold == 0.5)
    let zero = try #require(Calibration(logits: labels.map { _ in 0 }, labels: labels))
    #expect(zero == Calibration(temperature: 1, threshold: 0.5))
    let reversed = try #require(Calibration(logits: labels.map { $0 ? -2 : 2 }, labels: labels))
    #expect(reversed == Calibration(temperature: 1, threshold: 0.5))
  }

  @Test func extremeTemperaturesAreBounded() throws {
    // One wrong image among faint scores asks for a temperature near 0, huge scores for a large one.
    let faint = (0..<40).map { $0 % 2 == 0 ? 1e-3 : -1e-3 } + [-1e-4]
    let labels = (0..<40).map { $0 % 2 == 0 } + [true]
    #expect(try #require(Calibration(logits: faint, labels: labels)).temperature == 0.1)
    let huge = (0..<40).map { ($0 % 2 == 0) != ($0 % 10 == 0) ? 900.0 : -900 }
    #expect(try #require(Calibration(logits: huge, labels: Array(labels.prefix(40)))).temperature == 10)
  }

  /// Ten of each class at either end; one image of each class on the wrong side gives two thresholds that err
  /// once.
  @Test(arguments: [(positive: -1.0, negative: 2.0), (positive: -2.0, negative: 1.0)])
  func ofEquallyGoodThresholdsTheOneNearestToOneHalf(positive: Double, negative: Double) throws {
    let logits = [Double](repeating: -4, count: 10) + [Double](repeating: 4, count: 10)
    let calibration = try #require(
      Calibration(logits: logits + [positive, negative], labels: logits.map { $0 > 0 } + [true, false]))
    let neighbours = negative > -positive ? [-4, positive] : [negative, 4]
    let p = probabilities(neighbours, calibration.temperature)
    #expect(calibration.threshold == (p[0] + p[1]) / 2)
  }
}
