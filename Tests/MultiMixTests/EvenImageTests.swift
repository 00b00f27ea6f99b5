import MultiMix
import NeuralNetworks
import Tensors
import TestSupport
import Testing

/// An even image leaves the first convolutions nearly even: what the instance norm makes of such a map is the
/// smallest deviation beside the largest mean that the network meets.
@Suite struct EvenImageTests {
  @Test(arguments: [0.5, 1])
  func classScoresAgreeWithDouble(_ value: Double) {
    let single = scores(Float.self, value)
    let exact = scores(Double.self, value)
    for (a, b) in zip(single, exact) { #expect(abs(a - b) < 1e-4, "\(a), \(b)") }
  }

  private func scores<Element: Scalar>(_: Element.Type, _ value: Double) -> [Double] {
    let network = MultiMixNetwork<Element>(Goldens.formulaWeights())
    let workers = Workers(count: 2)
    network.refresh(on: workers)
    let state = EncoderState<Element>(size: 256)
    state.input.setPlane(0, Array(repeating: Element(value), count: 256 * 256))
    return network.encoder.forward(state, dropout: .none, on: workers).map { Double($0) }
  }
}
