/// How sure a weak view must be of each class for its pseudo-label to count, adapted to how sure the network has
/// become (FreeMatch, Wang et al. 2023, arXiv 2205.07246, its self-adaptive thresholds): the moving average of
/// the largest probability, for each class times that class's mean probability over the largest such mean. Early
/// on nearly every image counts; later the bar rises, and it stays lower for the class that the network rarely
/// names. Unlike FreeMatch's, a step's thresholds come from the steps before it, so that the images of a batch
/// stay independent.
public struct AdaptiveThresholds: Sendable, Equatable {
  /// The moving average of a weak view's largest probability.
  public private(set) var confidence: Double
  /// The moving average of each class's probability.
  public private(set) var probabilities: SIMD2<Double>

  /// Knowing nothing: both classes alike.
  public init() {
    confidence = 0.5
    probabilities = [0.5, 0.5]
  }

  /// By class, 0 ... 1.
  public var values: SIMD2<Double> { confidence * probabilities / probabilities.max() }

  /// After a step over unlabelled images with these means.
  public mutating func update(with terms: LossValues, decay: Double) {
    confidence += (1 - decay) * (terms.weakConfidence - confidence)
    probabilities += (1 - decay) * (terms.weakProbabilities - probabilities)
  }
}

/// As text that gives the same numbers back.
extension AdaptiveThresholds: LosslessStringConvertible {
  public var description: String { "\(confidence) \(probabilities[0]) \(probabilities[1])" }

  public init?(_ description: String) {
    let numbers = description.split(separator: " ").map { Double($0) ?? .nan }
    guard numbers.count == 3, numbers.allSatisfy({ (0...1).contains($0) }) else { return nil }
    confidence = numbers[0]
    probabilities = [numbers[1], numbers[2]]
  }
}
