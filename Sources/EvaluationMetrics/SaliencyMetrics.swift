/// How much of a saliency lies where it should, such as within the lungs.
public struct SaliencyMetrics: Sendable, Equatable, Codable {
  /// Share of the saliency's sum that lies inside (energy-based pointing game, Wang et al. 2020), 0 ... 1.
  public let energy: Double
  /// Whether its largest value does (pointing game, Zhang et al. 2016, without a margin).
  public let pointsInside: Bool
  /// Share of the picture that is inside: what a saliency that is the same everywhere has for its energy, and a random
  /// point for its chance.
  public let chance: Double

  /// - Parameters:
  ///   - saliency: not negative, row by row.
  ///   - region: whether each pixel is inside.
  /// - Returns: nil where there is no saliency at all, or nothing or everything is inside.
  public init?(_ saliency: [Float], within region: [Bool]) {
    precondition(saliency.count == region.count)
    let area = region.count { $0 }
    guard area > 0, area < region.count, let largest = saliency.max(), largest > 0, largest.isFinite else {
      return nil
    }
    var (inside, all) = (0.0, 0.0)
    for (value, isInside) in zip(saliency, region) {
      all += Double(value)
      if isInside { inside += Double(value) }
    }
    energy = inside / all
    // Of several that are equally large all must be.
    pointsInside = zip(saliency, region).allSatisfy { $0 < largest || $1 }
    chance = Double(area) / Double(region.count)
  }
}

extension SaliencyMetrics {
  package static let figureCount = 3

  /// All of them, to the bit, in an order of their own: for who sends them from process to process.
  package var figures: [Double] { [energy, pointsInside ? 1 : 0, chance] }

  /// - Parameter figures: as ``figures`` gives them.
  package init(figures: [Double]) {
    precondition(figures.count == Self.figureCount)
    (energy, pointsInside, chance) = (figures[0], figures[1] != 0, figures[2])
  }
}
