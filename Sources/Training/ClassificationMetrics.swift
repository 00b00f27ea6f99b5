/// How well probabilities of pneumonia agree with labels.
public struct ClassificationMetrics: Sendable, Equatable, Codable {
  public let n: Int
  public let accuracy: Double
  /// Area under the ROC curve, ties counted half (Mann-Whitney); nil where only one class occurs.
  public let auroc: Double?
  public let f1Normal, f1Pneumonia: Double
  /// Of pneumonia.
  public let precision, recall: Double
  /// Expected calibration error of the more probable class, 15 bins of equal width (Guo et al. 2017).
  public let ece: Double

  enum CodingKeys: String, CodingKey {
    case n, accuracy, auroc, precision, recall, ece
    case f1Normal = "f1_normal"
    case f1Pneumonia = "f1_pneumonia"
  }

  /// - Parameters:
  ///   - probabilities: of pneumonia, 0 ... 1.
  ///   - labels: whether it is pneumonia.
  ///   - threshold: pneumonia is predicted from this probability on.
  public init(probabilities: [Double], labels: [Bool], threshold: Double) {
    precondition(probabilities.count == labels.count && probabilities.allSatisfy { (0...1).contains($0) })
    n = labels.count
    let predicted = probabilities.map { $0 >= threshold }
    let truePositive = zip(predicted, labels).count { $0 && $1 }
    let trueNegative = zip(predicted, labels).count { !$0 && !$1 }
    let falsePositive = zip(predicted, labels).count { $0 && !$1 }
    let falseNegative = zip(predicted, labels).count { !$0 && $1 }
    func ratio(_ a: Int, _ b: Int) -> Double { b == 0 ? 0 : Double(a) / Double(b) }
    accuracy = ratio(truePositive + trueNegative, n)
    precision = ratio(truePositive, truePositive + falsePositive)
    recall = ratio(truePositive, truePositive + falseNegative)
    f1Pneumonia = ratio(2 * truePositive, 2 * truePositive + falsePositive + falseNegative)
    f1Normal = ratio(2 * trueNegative, 2 * trueNegative + falsePositive + falseNegative)
    auroc = Self.auroc(probabilities, labels)
    ece = Self.calibrationError(probabilities, labels)
  }

  static func auroc(_ probabilities: [Double], _ labels: [Bool]) -> Double? {
    let positives = labels.count { $0 }
    let negatives = labels.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
    var rankSum = 0.0
    var i = 0
    while i < order.count {
      var j = i + 1
      while j < order.count && probabilities[order[j]] == probabilities[order[i]] { j += 1 }
      // Ranks i + 1 ... j share their mean.
      rankSum += Double(order[i..<j].count { labels[$0] }) * Double(i + 1 + j) / 2
      i = j
    }
    return (rankSum - Double(positives * (positives + 1)) / 2) / Double(positives * negatives)
  }

  static func calibrationError(_ probabilities: [Double], _ labels: [Bool]) -> Double {
    let bins = 15
    var confidence = [Double](repeating: 0, count: bins)
    var correct = confidence
    for (p, label) in zip(probabilities, labels) {
      let top = max(p, 1 - p)
      let bin = min(bins - 1, Int(top * Double(bins)))
      confidence[bin] += top
      correct[bin] += (p >= 0.5) == label ? 1 : 0
    }
    guard !labels.isEmpty else { return 0 }
    return zip(confidence, correct).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(labels.count)
  }
}
