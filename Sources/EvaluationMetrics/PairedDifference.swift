/// How much more a second model has of a figure than a first one, both measured on the same images.
public struct PairedDifference: Sendable, Equatable {
  /// The second's less the first's; of several pairs of models the mean.
  public let value: Double
  /// 95 %, by bootstrap over patients; nil where there are fewer than two patients, or the figure is rarely
  /// defined.
  public let interval: ConfidenceInterval?
}

extension Bootstrap {
  /// A figure of the images, each counted as often as its weight says; nil where it isn't defined.
  public typealias Statistic = (_ weights: [Int]) -> Double?

  /// The paired bootstrap: every resample of the patients is read by all models, so that what makes some patients
  /// harder than others cancels out.
  /// - Parameter pairs: the same figure of the first and of the second model, for each seed that both were
  ///   trained with. The mean over the pairs is taken within a resample: the interval speaks of other patients,
  ///   not of other seeds.
  /// - Returns: nil where a figure isn't defined.
  /// - Precondition: at least one pair.
  public func difference(_ pairs: [(first: Statistic, second: Statistic)]) -> PairedDifference? {
    precondition(!pairs.isEmpty)
    func mean(_ weights: [Int]) -> Double? {
      var sum = 0.0
      for pair in pairs {
        guard let first = pair.first(weights), let second = pair.second(weights) else { return nil }
        sum += second - first
      }
      return sum / Double(pairs.count)
    }
    return mean([Int](repeating: 1, count: images)).map {
      PairedDifference(value: $0, interval: interval(mean))
    }
  }

  /// The mean of one value for each image; nil where no image has weight.
  public static func mean(_ values: [Double]) -> Statistic {
    { weights in
      var sum = 0.0
      var count = 0
      for (value, weight) in zip(values, weights) {
        sum += value * Double(weight)
        count += weight
      }
      return count > 0 ? sum / Double(count) : nil
    }
  }
}
