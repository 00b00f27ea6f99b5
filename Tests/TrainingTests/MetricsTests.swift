import Foundation
import Testing
import Training

/// The metrics against scikit-learn, SciPy and scikit-image (`Goldens/make_metrics.py`).
@Suite struct MetricsTests {
  private struct Golden: Decodable {
    struct Classification: Decodable {
      let probabilities: [Double]
      let labels: [Bool]
      let threshold, accuracy, auroc, f1Pneumonia, f1Normal, precision, recall: Double

      enum CodingKeys: String, CodingKey {
        case probabilities, labels, threshold, accuracy, auroc, precision, recall
        case f1Pneumonia = "f1_pneumonia"
        case f1Normal = "f1_normal"
      }
    }
    struct Segmentation: Decodable {
      let size: Int
      let prediction, reference: String
      let dice, jaccard, precision, recall, hausdorff, ssim: Double
    }
    let classification: [Classification]
    let segmentation: [Segmentation]
  }

  private func golden() throws -> Golden {
    let url = Bundle.module.url(forResource: "Goldens/metrics", withExtension: "json")!
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
  }

  @Test func classification() throws {
    for golden in try golden().classification {
      let metrics = ClassificationMetrics(
        probabilities: golden.probabilities, labels: golden.labels, threshold: golden.threshold)
      #expect(metrics.n == golden.labels.count)
      #expect(abs(metrics.accuracy - golden.accuracy) < 1e-12)
      #expect(abs(try #require(metrics.auroc) - golden.auroc) < 1e-12)
      #expect(abs(metrics.f1Pneumonia - golden.f1Pneumonia) < 1e-12)
      #expect(abs(metrics.f1Normal - golden.f1Normal) < 1e-12)
      #expect(abs(metrics.precision - golden.precision) < 1e-12)
      #expect(abs(metrics.recall - golden.recall) < 1e-12)
    }
  }

  @Test func segmentation() throws {
    for golden in try golden().segmentation {
      let metrics = SegmentationMetrics(
        prediction: golden.prediction.map { $0 == "1" }, reference: golden.reference.map { $0 == "1" },
        size: golden.size)
      #expect(abs(metrics.dice - golden.dice) < 1e-12)
      #expect(abs(metrics.jaccard - golden.jaccard) < 1e-12)
      #expect(abs(metrics.precision - golden.precision) < 1e-12)
      #expect(abs(metrics.recall - golden.recall) < 1e-12)
      #expect(abs(metrics.hausdorff - golden.hausdorff) < 1e-9)
      #expect(abs(metrics.ssim - golden.ssim) < 1e-9)
    }
  }

  @Test func oneClassHasNoROC() {
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
    #expect(both.dice == 1 && both.hausdorff == 0 && both.ssim == 1)
    let missed = SegmentationMetrics(prediction: none, reference: one, size: 8)
    #expect(missed.dice == 0 && missed.recall == 0 && missed.precision == 0)
    let invented = SegmentationMetrics(prediction: one, reference: none, size: 8)
    #expect(invented.precision == 0 && invented.recall == 0)
    #expect(missed.hausdorff == 128.0.squareRoot())
  }
}
