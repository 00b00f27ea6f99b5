public import Tensors

/// An exponential moving average of a network's weights: average <- d average + (1 - d) weights after every
/// step. It changes little from step to step where the weights still jump about, and as a rule does better.
/// Early on, when the weights are far from where they end, d = min(decay, (1 + step) / (10 + step)), as in
/// TensorFlow's `ExponentialMovingAverage`.
public final class WeightAverage<Element: Scalar>: Sendable {
  public let decay: Double
  public let parameters: Parameters<Element>

  /// Begins with a copy of `weights`.
  public init(of weights: Parameters<Element>, decay: Double) {
    precondition((0..<1).contains(decay))
    self.decay = decay
    parameters = Parameters(weights.layout)
    parameters.memory.values = weights.memory.values
  }

  /// After update number `step` (from 1) of `weights`.
  public func update(with weights: Parameters<Element>, step: Int) {
    precondition(weights.layout == parameters.layout)
    let d = min(decay, Double(1 + step) / Double(10 + step))
    let all = 0..<weights.layout.count
    weights.memory.withElements(all) { w in
      parameters.memory.withElements(all) { a in Self.move(&a, towards: w, by: Element(1 - d)) }
    }
  }

  @specialized(where Element == Float)
  private static func move(
    _ a: inout MutableSpan<Element>, towards w: borrowing MutableSpan<Element>, by share: Element
  ) {
    precondition(a.count == w.count)
    for i in a.indices { a[i] += share * (w[i] - a[i]) }
  }
}
