public import Tensors

/// Adam (Kingma and Ba 2015, arXiv 1412.6980), with PyTorch's order of operations. With a weight decay it is
/// AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101): the weights shrink apart from the moments.
public final class Adam<Element: Scalar>: Sendable {
  public let beta1, beta2, epsilon, weightDecay: Double
  public let firstMoment, secondMoment: Parameters<Element>

  public init(
    _ layout: ParameterLayout, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    firstMoment = Parameters(layout)
    secondMoment = Parameters(layout)
  }

  /// Update number `step` (from 1) of `parameters` along `gradient`.
  public func update(
    _ parameters: Parameters<Element>, gradient: Parameters<Element>, learningRate: Double, step: Int
  ) {
    let all = 0..<parameters.layout.count
    let correction1 = 1 - power(beta1, step)
    let correction2 = (1 - power(beta2, step)).squareRoot()
    parameters.memory.withElements(all) { p in
      gradient.memory.withElements(all) { g in
        firstMoment.memory.withElements(all) { m in
          secondMoment.memory.withElements(all) { v in
            Self.update(
              &p, g, &m, &v, keep: Element(1 - learningRate * weightDecay),
              rate: Element(learningRate / correction1), correction: Element(correction2),
              beta1: Element(beta1), rest1: Element(1 - beta1), beta2: Element(beta2),
              rest2: Element(1 - beta2), epsilon: Element(epsilon))
          }
        }
      }
    }
  }

  @specialized(where Element == Float)
  private static func update(
    _ p: inout MutableSpan<Element>, _ g: borrowing MutableSpan<Element>, _ m: inout MutableSpan<Element>,
    _ v: inout MutableSpan<Element>, keep: Element, rate: Element, correction: Element, beta1: Element,
    rest1: Element, beta2: Element, rest2: Element, epsilon: Element
  ) {
    // Known before the loop, so that it is vectorised.
    precondition(g.count == p.count && m.count == p.count && v.count == p.count)
    for i in p.indices {
      m[i] = beta1 * m[i] + rest1 * g[i]
      v[i] = beta2 * v[i] + rest2 * g[i] * g[i]
      p[i] = keep * p[i] - rate * m[i] / (v[i].squareRoot() / correction + epsilon)
    }
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    Double.exp(Double.log(base) * Double(exponent))
  }
}
