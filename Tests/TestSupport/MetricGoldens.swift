import Foundation

/// What scikit-learn, SciPy and scikit-image say (`Tests/EvaluationMetricsTests/Goldens/make_metrics.py`).
package struct MetricGoldens: Decodable {
  package struct Classification: Decodable {
    package let probabilities: [Double]
    package let labels: [Bool]
    package let auroc: Double?
    package let threshold, accuracy, f1Pneumonia, f1Normal, precision, recall, ece: Double
    /// True negatives, false positives, false negatives, true positives.
    package let confusion: [Int]

    package enum CodingKeys: String, CodingKey {
      case probabilities, labels, threshold, accuracy, auroc, precision, recall, ece, confusion
      case f1Pneumonia = "f1_pneumonia"
      case f1Normal = "f1_normal"
    }
  }

  package struct Segmentation: Decodable {
    package let size: Int
    /// Lengths of runs in row order, beginning with the zeros.
    package let prediction, reference: [Int]
    package let dice, jaccard, precision, recall, hausdorff, hausdorff95, ssim: Double

    package static func mask(_ runs: [Int]) -> [Bool] {
      runs.enumerated().flatMap { [Bool](repeating: $0 % 2 == 1, count: $1) }
    }
  }

  package struct Bootstrap: Decodable {
    package let patients: [String]
    package let labels: [Bool]
    package let probabilities, values: [Double]
    package let resamples, usable: Int
    package let seed: UInt64
    package let auroc, mean: [Double]
  }

  package struct Calibration: Decodable {
    package let logits: [Double]
    package let labels: [Bool]
    package let temperature, loss, youden, threshold, auroc, ece: Double
    package let lossBefore: Double

    package enum CodingKeys: String, CodingKey {
      case logits, labels, temperature, loss, youden, threshold, auroc, ece
      case lossBefore = "loss_before"
    }
  }

  package let classification: [Classification]
  package let segmentation: [Segmentation]
  package let bootstrap: [Bootstrap]
  package let calibration: [Calibration]

  package static func read() throws -> MetricGoldens {
    let url = TestEnvironment.packageRoot.appending(
      path: "Tests/EvaluationMetricsTests/Goldens/metrics.json")
    return try JSONDecoder().decode(MetricGoldens.self, from: Data(contentsOf: url))
  }
}
