/// How well probabilities of pneumonia agree with labels. Pneumonia is the positive class.
public struct ClassificationMetrics: Sendable, Equatable, Codable {
  /// How many images of each kind there are.
  public struct Confusion: Sendable, Equatable, Codable {
    /// Normal called normal, and called pneumonia.
    public let trueNegative, falsePositive: Int
    /// Pneumonia called normal, and called pneumonia.
    public let falseNegative, truePositive: Int

    enum CodingKeys: String, CodingKey {
      case trueNegative = "true_negative"
      case falsePositive = "false_positive"
      case falseNegative = "false_negative"
      case truePositive = "true_positive"
    }
  }

  public let n: Int
  public let accuracy: Double
  /// 95 %, by bootstrap over patients; nil where the patients are unknown or there is just one.
  public let accuracyInterval: ConfidenceInterval?
  /// Area under the ROC curve, ties counted half (Mann-Whitney); nil where only one class occurs.
  public let auroc: Double?
  /// As ``accuracyInterval``.
  public let aurocInterval: ConfidenceInterval?
  /// 0 where a figure's denominator is 0, as in scikit-learn.
  public let f1Normal, f1Pneumonia: Double
  /// Of pneumonia; 0 where the denominator is 0.
  public let precision, recall: Double
  /// Share of the pneumonias called so, at the threshold; nil where there is none.
  public let sensitivity: Double?
  /// Share of the normal images called so, at the threshold; nil where there is none.
  public let specificity: Double?
  /// As ``accuracyInterval``.
  public let sensitivityInterval, specificityInterval: ConfidenceInterval?
  /// Expected calibration error of the more probable class, 15 bins of equal width (Guo et al. 2017).
  public let ece: Double
  public let confusion: Confusion

  enum CodingKeys: String, CodingKey {
    case n, accuracy, auroc, precision, recall, ece, confusion
    case accuracyInterval = "accuracy_ci"
    case aurocInterval = "auroc_ci"
    case sensitivity, specificity
    case sensitivityInterval = "sensitivity_ci"
    case specificityInterval = "specificity_ci"
    case f1Normal = "f1_normal"
    case f1Pneumonia = "f1_pneumonia"
  }

  /// - Parameters:
  ///   - probabilities: of pneumonia, 0 ... 1.
  ///   - labels: whether it is pneumonia.
  ///   - threshold: pneumonia is predicted from this probability on.
  ///   - patients: of each image, for the intervals; nil draws none.
  public init(probabilities: [Double], labels: [Bool], threshold: Double, patients: [String]? = nil) {
    precondition(probabilities.count == labels.count && probabilities.allSatisfy { (0...1).contains($0) })
    precondition(patients.map { $0.count == labels.count } ?? true)
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
    confusion = Confusion(
      trueNegative: trueNegative, falsePositive: falsePositive, falseNegative: falseNegative,
      truePositive: truePositive)
    ece = Self.calibrationError(probabilities, labels)

    let ranked = RankedLabels(scores: probabilities, labels: labels)
    auroc = ranked.auroc()
    let bootstrap = patients.map { Bootstrap(patients: $0) }
    aurocInterval = auroc == nil ? nil : bootstrap?.interval { ranked.auroc(weights: $0) }
    let right = zip(predicted, labels).map { $0 == $1 ? 1.0 : 0 }
    accuracyInterval = bootstrap?.interval(ofMean: right)
    /// Of the images with one label.
    func share(_ isPneumonia: Bool) -> Bootstrap.Statistic {
      { weights in
        var (called, all) = (0, 0)
        for (image, weight) in weights.enumerated() where labels[image] == isPneumonia {
          all += weight
          if predicted[image] == isPneumonia { called += weight }
        }
        return all > 0 ? Double(called) / Double(all) : nil
      }
    }
    let once = [Int](repeating: 1, count: n)
    (sensitivity, specificity) = (share(true)(once), share(false)(once))
    sensitivityInterval = sensitivity == nil ? nil : bootstrap?.interval(share(true))
    specificityInterval = specificity == nil ? nil : bootstrap?.interval(share(false))
  }

  /// Bin b holds the probabilities of the more probable class in (b / 15, (b + 1) / 15].
  private static func calibrationError(_ probabilities: [Double], _ labels: [Bool]) -> Double {
    guard !labels.isEmpty else { return 0 }
    let bins = 15
    var confidence = [Double](repeating: 0, count: bins)
    var correct = confidence
    for (p, label) in zip(probabilities, labels) {
      let top = max(p, 1 - p)
      let bin = (1..<bins).count { Double($0) / Double(bins) < top }
      confidence[bin] += top
      correct[bin] += (p >= 0.5) == label ? 1 : 0
    }
    return zip(confidence, correct).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(labels.count)
  }
}
