import Foundation

/// What scikit-learn, SciPy and scikit-image say (`Goldens/make_metrics.py`).
struct MetricGoldens: Decodable {
  struct Classification: Decodable {
    let probabilities: [Double]
    let labels: [Bool]
    let auroc: Double?
    let threshold, accuracy, f1Pneumonia, f1Normal, precision, recall, ece: Double
    /// True negatives, false positives, false negatives, true positives.
    let confusion: [Int]

    enum CodingKeys: String, CodingKey {
      case probabilities, labels, threshold, accuracy, auroc, precision, recall, ece, confusion
      case f1Pneumonia = "f1_pneumonia"
      case f1Normal = "f1_normal"
    }
  }

  struct Segmentation: Decodable {
    let size: Int
    /// Lengths of runs in row order, beginning with the zeros.
    let prediction, reference: [Int]
    let dice, jaccard, precision, recall, hausdorff, hausdorff95, ssim: Double

    static func mask(_ runs: [Int]) -> [Bool] {
      runs.enumerated().flatMap { [Bool](repeating: $0 % 2 == 1, count: $1) }
    }
  }

  struct Bootstrap: Decodable {
    let patients: [String]
    let labels: [Bool]
    let probabilities, values: [Double]
    let resamples, usable: Int
    let seed: UInt64
    let auroc, mean: [Double]
  }

  struct Calibration: Decodable {
    let logits: [Double]
    let labels: [Bool]
    let temperature, loss, youden, threshold, auroc, ece: Double
    let lossBefore: Double

    enum CodingKeys: String, CodingKey {
      case logits, labels, temperature, loss, youden, threshold, auroc, ece
      case lossBefore = "loss_before"
    }
  }

  let classification: [Classification]
  let segmentation: [Segmentation]
  let bootstrap: [Bootstrap]
  let calibration: [Calibration]

  static func read() throws -> MetricGoldens {
    let url = Bundle.module.url(forResource: "Goldens/metrics", withExtension: "json")!
    return try JSONDecoder().decode(MetricGoldens.self, from: Data(contentsOf: url))
  }
}
