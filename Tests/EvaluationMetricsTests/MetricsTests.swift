import Archive
import EvaluationMetrics
import Foundation
import Tensors
import TestSupport
import Testing
import Training

/// The metrics against scikit-learn, SciPy and scikit-image.
@Suite struct MetricsTests {
  @Test func classification() throws {
    for golden in try MetricGoldens.read().classification {
      let metrics = ClassificationMetrics(
        probabilities: golden.probabilities, labels: golden.labels, threshold: golden.threshold)
      #expect(metrics.n == golden.labels.count)
      #expect(abs(metrics.accuracy - golden.accuracy) < 1e-12)
      #expect((metrics.auroc == nil) == (golden.auroc == nil))
      if let auroc = golden.auroc { #expect(abs((metrics.auroc ?? -1) - auroc) < 1e-12) }
      #expect(abs(metrics.f1Pneumonia - golden.f1Pneumonia) < 1e-12)
      #expect(abs(metrics.f1Normal - golden.f1Normal) < 1e-12)
      #expect(abs(metrics.precision - golden.precision) < 1e-12)
      #expect(abs(metrics.recall - golden.recall) < 1e-12)
      #expect(abs(metrics.ece - golden.ece) < 1e-12)
      let confusion = metrics.confusion
      #expect(
        [confusion.trueNegative, confusion.falsePositive, confusion.falseNegative, confusion.truePositive]
          == golden.confusion)
    }
  }

  @Test func segmentation() throws {
    for golden in try MetricGoldens.read().segmentation {
      let metrics = SegmentationMetrics(
        prediction: MetricGoldens.Segmentation.mask(golden.prediction),
        reference: MetricGoldens.Segmentation.mask(golden.reference), size: golden.size)
      let scale = 256 / Double(golden.size)
      #expect(abs(metrics.dice - golden.dice) < 1e-12)
      #expect(abs(metrics.jaccard - golden.jaccard) < 1e-12)
      #expect(abs(metrics.precision - golden.precision) < 1e-12)
      #expect(abs(metrics.recall - golden.recall) < 1e-12)
      #expect(abs(metrics.hausdorff - golden.hausdorff * scale) < 1e-9)
      #expect(abs(metrics.hausdorff95 - golden.hausdorff95 * scale) < 1e-9)
      #expect(abs(metrics.ssim - golden.ssim) < 1e-9)
    }
  }

  /// Both figures of the bootstrap, drawn in the same order by the script.
  @Test func intervals() throws {
    for golden in try MetricGoldens.read().bootstrap {
      let bootstrap = Bootstrap(patients: golden.patients, resamples: golden.resamples, seed: golden.seed)
      let ranked = RankedLabels(scores: golden.probabilities, labels: golden.labels)
      var usable = 0
      let auroc = bootstrap.interval { weights in
        let area = ranked.auroc(weights: weights)
        usable += area == nil ? 0 : 1
        return area
      }
      let mean = bootstrap.interval(ofMean: golden.values)
      #expect(usable == golden.usable)
      for (interval, expected) in [(auroc, golden.auroc), (mean, golden.mean)] {
        let interval = try #require(interval)
        #expect(abs(interval.lower - expected[0]) < 1e-12 && abs(interval.upper - expected[1]) < 1e-12)
      }
    }
  }

  @Test func noIntervalWithoutTwoPatients() {
    let labels = [true, false, true]
    let one = ClassificationMetrics(
      probabilities: [0.9, 0.2, 0.4], labels: labels, threshold: 0.5, patients: ["a", "a", "a"])
    #expect(one.auroc == 1 && one.aurocInterval == nil && one.accuracyInterval == nil)
    let two = ClassificationMetrics(
      probabilities: [0.9, 0.2, 0.4], labels: labels, threshold: 0.5, patients: ["a", "b", "a"])
    #expect(two.accuracyInterval == ConfidenceInterval(lower: 0.5, upper: 1))
    #expect(Bootstrap(patients: []).interval(ofMean: []) == nil)
    #expect(Bootstrap(patients: ["a", "b"]).interval { _ in nil } == nil)
  }

  @Test func aClassThatDoesNotOccurHasNoROC() {
    let metrics = ClassificationMetrics(probabilities: [0.1, 0.9], labels: [true, true], threshold: 0.5)
    #expect(metrics.auroc == nil)
    #expect(metrics.accuracy == 0.5)
  }

  @Test func calibrationErrorByHand() {
    // Two bins: (0.9, 0.9) of which one is right; (0.6) right.
    let metrics = ClassificationMetrics(
      probabilities: [0.9, 0.9, 0.6], labels: [true, false, true], threshold: 0.5)
    #expect(abs(metrics.ece - (abs(1.8 - 1) + abs(0.6 - 1)) / 3) < 1e-12)
  }

  @Test func emptyMasks() {
    let none = [Bool](repeating: false, count: 64)
    var one = none
    one[9] = true
    let both = SegmentationMetrics(prediction: none, reference: none, size: 8)
    #expect(both.dice == 1 && both.hausdorff == 0 && both.hausdorff95 == 0 && both.ssim == 1)
    let missed = SegmentationMetrics(prediction: none, reference: one, size: 8)
    #expect(missed.dice == 0 && missed.recall == 0 && missed.precision == 0)
    #expect(missed.predictedFraction == 0 && missed.referenceFraction == 1.0 / 64)
    let invented = SegmentationMetrics(prediction: one, reference: none, size: 8)
    #expect(invented.precision == 0 && invented.recall == 0)
    #expect(missed.hausdorff == 32 * 128.0.squareRoot() && missed.hausdorff95 == missed.hausdorff)
  }

  /// Sparse and dense masks of awkward sizes, against every pair of pixels.
  @Test(arguments: [1, 2, 3, 17, 32])
  func distancesAreExact(size: Int) {
    var generator = SplitMix64(UInt64(size))
    for density in [0.002, 0.05, 0.5, 0.98] {
      var mask = (0..<size * size).map { _ in generator.chance(density) }
      mask[generator.index(below: mask.count)] = true
      let pixels = mask.indices.filter { mask[$0] }
      let expected = mask.indices.map { i in
        pixels.map { p in
          let (rows, columns) = (i / size - p / size, i % size - p % size)
          return rows * rows + columns * columns
        }.min()!
      }
      #expect(DistanceTransform.squared(to: mask, size: size) == expected)
    }
  }
}
