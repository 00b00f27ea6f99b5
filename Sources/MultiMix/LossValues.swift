/// The terms of the objective over one batch, unweighted, and their weighted sum.
public struct LossValues: Sendable, Equatable {
  public var classification = 0.0
  public var segmentation = 0.0
  public var maskCrossEntropy = 0.0
  public var pseudoLabel = 0.0
  public var consistency = 0.0
  public var total = 0.0
  /// The fraction of unlabelled images whose weak view reached its threshold.
  public var confident = 0.0
  /// Over the weak views of unlabelled images, the means of the largest probability and of each class's.
  public var weakConfidence = 0.0
  public var weakProbabilities = SIMD2<Double>.zero
  /// The fraction of pixels that the teacher of the weak-to-strong term was sure of.
  public var confidentPixels = 0.0

  public init() {}

  /// Whether the losses, and the probabilities that pseudo-labels are taken from, are numbers.
  public var isFinite: Bool { total.isFinite && weakProbabilities.sum().isFinite && consistency.isFinite }

  /// All of them, in an order of their own: what goes from process to process.
  public var numbers: [Double] {
    get { Self.fields.map { self[keyPath: $0] } }
    set {
      precondition(newValue.count == Self.fields.count)
      for (field, number) in zip(Self.fields, newValue) { self[keyPath: field] = number }
    }
  }

  private static var fields: [WritableKeyPath<LossValues, Double>] {
    [
      \.classification, \.segmentation, \.maskCrossEntropy, \.pseudoLabel, \.consistency, \.total,
      \.confident, \.weakConfidence, \.weakProbabilities[0], \.weakProbabilities[1], \.confidentPixels,
    ]
  }

  static func += (sum: inout LossValues, other: LossValues) {
    for field in fields { sum[keyPath: field] += other[keyPath: field] }
  }
}
