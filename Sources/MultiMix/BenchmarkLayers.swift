internal import NeuralNetworks
internal import Tensors

extension Benchmark {
  /// One convolution's times.
  public struct Layer: Sendable {
    public let name: String
    public let size, inputs, outputs: Int
    /// Median seconds: output, gradient of the input, gradient of the weights.
    public let forward, inputGradient, weightGradient: Double
    /// Median seconds of the matrix products of the forward pass alone; all of a direct convolution.
    public let products: Double
    /// Median seconds of the other way, im2col, without the building of its columns: its matrix product alone.
    public let im2colProduct: Double

    /// Multiply-adds of the convolution done directly, times two.
    public var gflop: Double { 18 * Double(size * size * inputs * outputs) / 1e9 }
    /// The same in the Winograd domain: 36 products for 16 pixels, channels padded. A single plane is
    /// convolved directly.
    public var productGFLOP: Double {
      inputs == 1
        ? gflop
        : 2 * 36
          * Double(size * size / 16 * FeatureMap<Float>.padded(inputs) * FeatureMap<Float>.padded(outputs))
          / 1e9
    }
    /// Input, output and filter, each once.
    public var bytes: Double {
      let filter = inputs == 1 ? 9 * outputs : 36 * inputs * outputs
      return 4 * Double(size * size * (inputs + outputs) + filter)
    }

    /// What the forward pass spends most of its time on.
    /// - Parameter bytesPerSecond: the memory's.
    public func limit(bytesPerSecond: Double) -> String {
      if products >= forward / 2 { return "products" }
      return bytes / bytesPerSecond >= forward / 2 ? "memory" : "transforms"
    }
  }

  /// Every 3x3 convolution of the network by itself.
  public func layers(runs: Int) -> [Layer] {
    let workers = Workers(count: threads)
    return parameters.layout.entries.compactMap { entry in
      guard entry.shape.count == 4, entry.shape[2] == 3 else { return nil }
      return time(layer: entry, runs: runs, workers)
    }
  }

  private func time(layer entry: ParameterLayout.Entry, runs: Int, _ workers: Workers) -> Layer {
    let (outputs, inputs) = (entry.shape[0], entry.shape[1])
    let level = Int(entry.name.split(separator: ".")[1].filter(\.isNumber)) ?? 1
    let side = size >> (level - 1)
    let weights = parameters[entry.name]
    let x = FeatureMap<Float>(height: side, width: side, channels: inputs)
    let y = FeatureMap<Float>(height: side, width: side, channels: outputs)
    let statistics = InstanceStatistics<Float>(channels: outputs)
    let times: [[Double]]
    if inputs == 1 {
      let gradient = Parameters<Float>(parameters.layout)
      let forward = time(runs) {
        x.convolvePlane(weights: weights, bias: nil, into: y, statistics: statistics, on: workers)
      }
      times = [
        forward,
        time(runs) { y.convolvePlaneInputGradient(weights: weights, into: x, on: workers) },
        time(runs) { x.accumulatePlaneFilterGradient(y, into: gradient[entry.name], on: workers) },
        forward,
      ]
    } else {
      let filter = ConvolutionFilter<Float>(inputs: inputs, outputs: outputs)
      let gradient = ConvolutionFilterGradient<Float>(inputs: inputs, outputs: outputs)
      filter.refresh(from: weights, on: workers)
      times = [
        time(runs) { x.convolve(filter, bias: nil, into: y, statistics: statistics, on: workers) },
        time(runs) { y.convolveInputGradient(filter, into: x, on: workers) },
        time(runs) { x.accumulateFilterGradient(y, into: gradient, on: workers) },
        time(runs) { ConvolutionInput(x).products(filter, likeInto: y, on: workers) },
      ]
    }
    let medians = times.map { median($0) }
    let product = MachinePeak.productSeconds(
      rows: side * side, columns: outputs, depth: 9 * inputs, threads: threads, runs: runs)
    return Layer(
      name: entry.name, size: side, inputs: inputs, outputs: outputs, forward: medians[0],
      inputGradient: medians[1], weightGradient: medians[2], products: medians[3],
      im2colProduct: median(product))
  }

  func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }
}
