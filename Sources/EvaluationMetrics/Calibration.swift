internal import Foundation

/// What turns the scores of the two classes into a probability and a decision, chosen on images that were
/// not trained on. The order of the images, and with it the AUROC, stays the same.
public struct Calibration: Sendable, Equatable, Codable {
  /// The scores are divided by it before the softmax.
  public let temperature: Double
  /// Pneumonia is called from this calibrated probability on; above 0 and below 1.
  public let threshold: Double

  /// With fewer images of a class than this there is nothing to calibrate on.
  public static let fewestOfAClass = 10
  /// The temperature is searched in this range.
  public static let temperatures = 0.1...10.0

  public init(temperature: Double, threshold: Double) {
    self.temperature = temperature
    self.threshold = threshold
  }

  /// Temperature scaling (Guo et al. 2017) by the smallest log loss, then the threshold by the largest Youden's
  /// J (sensitivity + specificity - 1) of the calibrated probabilities. Nil where there are fewer than
  /// ``fewestOfAClass`` images of a class.
  ///
  /// Where every image lies on the right side of 0 the log loss falls for ever as the temperature goes to 0, and
  /// where the scores speak against the labels it falls with a growing one; then the temperature stays 1.
  /// - Parameters:
  ///   - logits: score of pneumonia less that of normal.
  ///   - labels: whether it is pneumonia.
  public init?(logits: [Double], labels: [Bool]) {
    precondition(logits.count == labels.count && logits.allSatisfy(\.isFinite))
    let positives = labels.count { $0 }
    guard min(positives, labels.count - positives) >= Self.fewestOfAClass else { return nil }
    let temperature = Self.temperature(logits, labels)
    self.temperature = temperature
    threshold = Self.threshold(logits.map { 1 / (1 + exp(-$0 / temperature)) }, labels)
  }

  /// The mean log loss (natural logarithm) of the labels at a temperature; 0 for no images.
  public static func logLoss(logits: [Double], labels: [Bool], temperature: Double) -> Double {
    guard !logits.isEmpty else { return 0 }
    let sum = zip(logits, labels).reduce(0.0) { sum, image in
      let margin = (image.1 ? image.0 : -image.0) / temperature
      // log(1 + exp(-margin)) without overflow.
      return sum + max(0, -margin) + log1p(exp(-abs(margin)))
    }
    return sum / Double(logits.count)
  }

  /// The log loss is convex in the inverse temperature: its slope rises, and is 0 where the loss is smallest.
  private static func temperature(_ logits: [Double], _ labels: [Bool]) -> Double {
    let margins = zip(logits, labels).map { $1 ? $0 : -$0 }
    func slope(_ inverse: Double) -> Double { margins.reduce(0) { $0 - $1 / (1 + exp($1 * inverse)) } }
    guard margins.contains(where: { $0 < 0 }), slope(0) < 0 else { return 1 }
    var low = 1 / temperatures.upperBound
    var high = 1 / temperatures.lowerBound
    if slope(low) >= 0 { return temperatures.upperBound }
    if slope(high) <= 0 { return temperatures.lowerBound }
    // 60 halvings leave no more than the rounding.
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if slope(middle) < 0 { low = middle } else { high = middle }
    }
    return 2 / (low + high)
  }

  /// Half-way between two neighbouring probabilities, so that a last digit decides nothing; of several equally
  /// good ones the one nearest to 0.5. 0.5 where no threshold tells the classes apart.
  private static func threshold(_ probabilities: [Double], _ labels: [Bool]) -> Double {
    let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
    let positives = labels.count { $0 }
    let negatives = labels.count - positives
    var best = (youden: 0, threshold: 0.5)
    // Called normal: the images before `place`.
    var (normal, missed) = (0, 0)
    for (place, image) in order.enumerated() {
      if place > 0, probabilities[order[place - 1]] < probabilities[image] {
        // J, times both numbers of images.
        let youden = normal * positives - missed * negatives
        let below = probabilities[order[place - 1]]
        let middle = (below + probabilities[image]) / 2
        let threshold = middle > below ? middle : probabilities[image]
        let isNearer = abs(threshold - 0.5) < abs(best.threshold - 0.5)
        if youden > best.youden || (youden == best.youden && youden > 0 && isNearer) {
          best = (youden, threshold)
        }
      }
      if labels[image] { missed += 1 } else { normal += 1 }
    }
    return best.threshold
  }
}
