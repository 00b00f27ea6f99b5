internal import NeuralNetworks
internal import Tensors

/// Where a lane's weight gradients are added up over images. Those of the 3x3 convolutions gather in the Winograd
/// domain, four times as large as the weights; the few others in a small memory of their own. They become a gradient
/// of the parameters with ``finish(into:on:)``.
struct NetworkGradient<Element: Scalar>: Sendable {
  /// Gradients of the parameters that no Winograd sum is for.
  let direct: Parameters<Element>
  let encoder, decoder: [BlockGradient<Element>]

  init(_ network: MultiMixNetwork<Element>) {
    let names =
      ["encoder.fc.weight", "encoder.fc.bias", "decoder.conv_last.weight", "decoder.conv_last.bias"]
      + (network.encoder.blocks + network.decoder.blocks).flatMap(\.directParameters)
    var layout = ParameterLayout()
    for entry in network.parameters.layout.entries where names.contains(entry.name) {
      layout.add(entry.name, entry.shape)
    }
    let direct = Parameters<Element>(layout)
    self.direct = direct
    encoder = network.encoder.blocks.map { BlockGradient($0, direct: direct) }
    decoder = network.decoder.blocks.map { BlockGradient($0, direct: direct) }
  }

  func addLinear(scores: [Element], average: [Element]) {
    Linear(weights: direct["encoder.fc.weight"], bias: direct["encoder.fc.bias"]).add(scores, times: average)
  }

  /// Adds the sums to `gradient`, of the network's layout, and starts them again from zero.
  func finish(into gradient: Parameters<Element>, on workers: Workers) {
    for block in encoder + decoder { block.finish(into: gradient, on: workers) }
    for entry in direct.layout.entries {
      let (own, sum) = (direct[entry.name], gradient[entry.name])
      for i in 0..<own.count { (sum[i], own[i]) = (sum[i] + own[i], 0) }
    }
  }
}
