/// Labels in the order of their scores: sorted once, then the area under the ROC curve takes one pass for
/// each set of weights, as the bootstrap asks.
package struct RankedLabels: Sendable {
  /// Images by rising score, cut where the score rises.
  private let ties: [[Int]]
  private let labels: [Bool]

  package init(scores: [Double], labels: [Bool]) {
    precondition(scores.count == labels.count)
    self.labels = labels
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    var ties: [[Int]] = []
    for (place, image) in order.enumerated() {
      if place > 0 && scores[order[place - 1]] == scores[image] {
        ties[ties.count - 1].append(image)
      } else {
        ties.append([image])
      }
    }
    self.ties = ties
  }

  /// Area under the ROC curve, ties counted half (Mann-Whitney); nil where only one class has weight.
  /// - Parameter weights: how often each image counts; nil counts each once.
  package func auroc(weights: [Int]? = nil) -> Double? {
    var negatives = 0
    var positives = 0
    // Twice the number of pairs in the right order.
    var ordered = 0
    for tie in ties {
      let (negative, positive) = tally(tie, weights)
      ordered += positive * (2 * negatives + negative)
      positives += positive
      negatives += negative
    }
    guard positives > 0, negatives > 0 else { return nil }
    return Double(ordered) / Double(2 * positives * negatives)
  }

  /// How many images of each class there are in a tie.
  private func tally(_ tie: [Int], _ weights: [Int]?) -> (negative: Int, positive: Int) {
    tie.reduce(into: (0, 0)) { counts, image in
      let weight = weights?[image] ?? 1
      if labels[image] { counts.1 += weight } else { counts.0 += weight }
    }
  }

  /// A corner of the ROC curve.
  package struct Corner: Sendable, Equatable {
    /// 1 - specificity, and sensitivity.
    package let falsePositiveRate, truePositiveRate: Double

    package init(falsePositiveRate: Double, truePositiveRate: Double) {
      self.falsePositiveRate = falsePositiveRate
      self.truePositiveRate = truePositiveRate
    }
  }

  /// The corners of the ROC curve from (0, 0) to (1, 1); a tie is one corner. Nil where only one class has weight.
  package func curve(weights: [Int]? = nil) -> [Corner]? {
    var counts = [(negative: 0, positive: 0)]
    for tie in ties.reversed() {
      let (negative, positive) = tally(tie, weights)
      let last = counts[counts.count - 1]
      counts.append((last.negative + negative, last.positive + positive))
    }
    let all = counts[counts.count - 1]
    guard all.negative > 0, all.positive > 0 else { return nil }
    return counts.map {
      Corner(
        falsePositiveRate: Double($0.negative) / Double(all.negative),
        truePositiveRate: Double($0.positive) / Double(all.positive))
    }
  }
}
