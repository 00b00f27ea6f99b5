import Tensors
import Testing

@Suite struct LinearTests {
  @Test func double() { check(Double.self) }
  @Test func float() { check(Float.self) }

  /// Against the definition, written out; the class head's shape and an odd one.
  private func check<Element: Scalar>(_: Element.Type) {
    let bounds = Bounds.of(Element.self)
    for (outputs, inputs) in [(2, 256), (3, 7), (1, 1)] {
      var samples = Samples(61)
      let weights = samples.values(outputs * inputs)
      let bias = samples.values(outputs)
      let x = samples.values(inputs)
      let dy = samples.values(outputs)
      let layer = Linear<Element>(weights: MemorySlice(weights), bias: MemorySlice(bias))
      #expect(layer.inputs == inputs && layer.outputs == outputs)
      var y = bias
      for k in dy.indices { for c in x.indices { y[k] += weights[k * inputs + c] * x[c] } }
      #expect(relativeError(layer.forward(x.map { Element($0) }).map { Double($0) }, y) < bounds.output)
      var dx = [Double](repeating: 0, count: inputs)
      for k in dy.indices { for c in x.indices { dx[c] += weights[k * inputs + c] * dy[k] } }
      #expect(
        relativeError(layer.inputGradient(dy.map { Element($0) }).map { Double($0) }, dx) < bounds.gradient)
      // On top of what is there.
      let gradient = Linear<Element>(
        weights: MemorySlice(Array(repeating: 0.5, count: weights.count)),
        bias: MemorySlice(Array(repeating: 0.25, count: outputs)))
      for _ in 0..<2 { gradient.add(dy.map { Element($0) }, times: x.map { Element($0) }) }
      let dw = dy.flatMap { d in x.map { d * $0 } }
      #expect(relativeError(gradient.weights.doubles.map { ($0 - 0.5) / 2 }, dw) < bounds.gradient)
      #expect(relativeError(gradient.bias.doubles.map { ($0 - 0.25) / 2 }, dy) < bounds.gradient)
    }
  }
}
