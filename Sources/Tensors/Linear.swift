/// A linear layer, y = W x + b, by OpenBLAS; or the sums of its gradients, which have the same shapes.
public struct Linear<Element: Scalar>: Sendable {
  /// [outputs, inputs].
  public let weights: MemorySlice<Element>
  /// [outputs].
  public let bias: MemorySlice<Element>
  public var outputs: Int { bias.count }
  public var inputs: Int { weights.count / bias.count }

  public init(weights: MemorySlice<Element>, bias: MemorySlice<Element>) {
    precondition(bias.count > 0 && weights.count > 0 && weights.count % bias.count == 0)
    self.weights = weights
    self.bias = bias
  }

  /// x [inputs] -> y [outputs].
  public func forward(_ x: [Element]) -> [Element] {
    precondition(x.count == inputs)
    var y = (0..<outputs).map { bias[$0] }
    unsafe Element.gemm(
      transposeA: false, transposeB: false, m: outputs, n: 1, k: inputs, alpha: 1, a: weights.base, b: x,
      beta: 1, c: &y)
    return y
  }

  /// The gradient dx = W^T dy [inputs] of x, from that of y [outputs].
  public func inputGradient(_ dy: [Element]) -> [Element] {
    precondition(dy.count == outputs)
    var dx = [Element](repeating: 0, count: inputs)
    unsafe Element.gemm(
      transposeA: false, transposeB: false, m: 1, n: inputs, k: outputs, alpha: 1, a: dy, b: weights.base,
      beta: 0, c: &dx)
    return dx
  }

  /// For the sums of a layer's gradients: W += dy x^T, b += dy.
  public func add(_ dy: [Element], times x: [Element]) {
    precondition(x.count == inputs && dy.count == outputs)
    unsafe Element.gemm(
      transposeA: false, transposeB: false, m: outputs, n: inputs, k: 1, alpha: 1, a: dy, b: x, beta: 1,
      c: weights.base)
    for k in dy.indices { bias[k] += dy[k] }
  }
}
