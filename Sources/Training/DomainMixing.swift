internal import Archive
internal import EvaluationMetrics
internal import Tensors

/// Shows an image as another source's equipment and processing might have: its grey levels are moved, by a random
/// part of the way, to the distribution of a random image of another source folder. What tells sources (and with
/// them, ages and findings) apart by tone alone is thus no help in training, and labels of one source carry over.
/// Histogram matching, rather than a swap of low frequencies (FDA, Yang and Soatto 2020, arXiv 2004.05498), since
/// it can't bring the other image's anatomy along.
struct DomainMixing: Sendable {
  private let sources: [(name: String, positions: [Int])]

  init(_ positions: [Int], index: ArchiveIndex) {
    sources = Dictionary(grouping: positions) { index.images[$0].source }.sorted { $0.key < $1.key }
      .map { ($0.key, $0.value) }
  }

  /// A random image of a random source other than `source`; nil where there is only one.
  func partner(ofSource source: String, using generator: inout SplitMix64) -> Int? {
    let other = generator.element(of: sources.filter { $0.name != source })
    return other.flatMap { generator.element(of: $0.positions) }
  }
}

extension GrayImage {
  /// The levels moved by `strength` (0 ... 1) of the way to the distribution of the levels of `reference`: quantile
  /// by quantile, linear between the reference's levels, as `skimage.exposure.match_histograms`. Black stays black
  /// and has no part in the distributions: how much there is of it depends on padding and collimation.
  package func matched(to reference: GrayImage, strength: Double) -> GrayImage {
    let quantiles = shares
    let levels = reference.shares.enumerated().filter { $0.offset > 0 && $0.element.count > 0 }
      .map { (level: Double($0.offset), share: $0.element.upTo) }
    guard !levels.isEmpty else { return self }
    // The levels are asked for in rising order.
    var next = 0
    return mapped { level in
      let share = quantiles[Int(level)].upTo
      guard level > 0, quantiles[Int(level)].count > 0 else { return level }
      while next < levels.count - 1 && levels[next].share < share { next += 1 }
      let (above, below) = (levels[next], levels[max(0, next - 1)])
      let part = above.share > below.share ? min(1, (share - below.share) / (above.share - below.share)) : 1
      let target = below.level + part * (above.level - below.level)
      return UInt8((Double(level) + strength * (target - Double(level))).rounded())
    }
  }

  /// Of each level, the count, and the share of all pixels but the black ones that are not above it.
  private var shares: [(count: Int, upTo: Double)] {
    let counts = histogram
    let total = Double(counts.dropFirst().reduce(0, +))
    var sum = 0
    return counts.enumerated().map { level, count in
      sum += level > 0 ? count : 0
      return (count, Double(sum) / total)
    }
  }
}
