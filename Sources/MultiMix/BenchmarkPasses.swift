internal import NeuralNetworks
internal import Tensors

extension Benchmark {
  /// One of the passes over memory between the convolutions.
  public struct Pass: Sendable {
    public let name: String
    public let size, channels: Int
    /// Median.
    public let seconds: Double
    /// What it reads and writes, every map each time that it goes over it.
    public let bytes: Double
  }

  /// The passes of an inference with saliency, at every size: the encoder's normalising with pooling, the decoder's
  /// normalising, and their gradients.
  public func passes(runs: Int) -> [Pass] {
    let workers = Workers(count: threads)
    return Architecture.paperWidths.enumerated().flatMap { level, channels in
      passes(side: size >> level, channels: channels, runs: runs, workers)
    }
  }

  private func passes(side: Int, channels: Int, runs: Int, _ workers: Workers) -> [Pass] {
    let y = FeatureMap<Float>(height: side, width: side, channels: channels)
    let a = FeatureMap<Float>(height: side, width: side, channels: channels)
    let pooled = FeatureMap<Float>(height: side / 2, width: side / 2, channels: channels)
    let choice = PoolingChoice(height: side / 2, width: side / 2, channels: channels)
    let statistics = InstanceStatistics<Float>(channels: channels)
    let slope = ConvolutionBlock<Float>.slope
    let map = Double(4 * side * side * channels)
    func pass(_ name: String, maps: Double, _ body: () -> Void) -> Pass {
      Pass(
        name: name, size: side, channels: channels, seconds: median(time(runs, body)), bytes: maps * map)
    }
    // A pooled map is a quarter of one, its choice a sixteenth.
    return [
      pass("normalise and pool", maps: 1 + 5 / 16) {
        y.normalizePool(
          statistics, slope: slope, dropout: .none, into: nil, pooled: pooled, choice: choice, on: workers)
      },
      pass("normalise", maps: 2) {
        y.normalize(statistics, slope: slope, dropout: .none, into: a, on: workers)
      },
      pass("gradient of pooling", maps: 1 + 5 / 16) {
        pooled.maxPoolGradient(choice: choice, adding: nil, into: a, on: workers)
      },
      pass("gradient of normalising", maps: 5) {
        y.normalizeGradient(statistics, slope: slope, dropout: .none, gradient: a, on: workers)
      },
    ]
  }
}
