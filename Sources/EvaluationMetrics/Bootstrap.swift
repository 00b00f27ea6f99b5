internal import Tensors

/// The two ends of an interval; `[lower, upper]` in JSON.
public struct ConfidenceInterval: Sendable, Equatable, Codable {
  public let lower, upper: Double

  public init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  public init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    lower = try container.decode(Double.self)
    upper = try container.decode(Double.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    try container.encode(lower)
    try container.encode(upper)
  }
}

/// The percentile bootstrap (Efron 1979) over patients: images of one patient are alike, so whole patients are
/// drawn with replacement. The same images, in any order of patients' names, and the same seed give the same
/// interval on every machine.
public struct Bootstrap: Sendable {
  /// Share of the resampled figures that lies within the interval.
  public static let level = 0.95

  public let resamples: Int
  public let seed: UInt64
  /// The patient of each image, as a number.
  private let patientOfImage: [Int]
  private let patients: Int

  /// How many images there are.
  var images: Int { patientOfImage.count }

  /// - Parameter patients: what tells the patient of each image from the others.
  public init(patients names: [String], resamples: Int = 2000, seed: UInt64 = 1) {
    precondition(resamples > 0)
    let numbers = Dictionary(
      uniqueKeysWithValues: Set(names).sorted().enumerated().map { ($0.element, $0.offset) })
    patientOfImage = names.map { numbers[$0]! }
    patients = numbers.count
    self.resamples = resamples
    self.seed = seed
  }

  /// The middle 95 % of a figure over the resamples.
  ///
  /// Resamples without the figure (no AUROC where only one class was drawn) are left out. Nil for fewer than
  /// two patients, or where more than half of the resamples are left out.
  /// - Parameter figure: of the images, each counted as often as its weight says; nil where it isn't defined.
  public func interval(_ figure: Statistic) -> ConfidenceInterval? {
    intervals { weights in figure(weights).map { [$0] } }?.first
  }

  /// The same for several figures of the same resamples, such as the points of a curve.
  /// - Parameter figures: always equally many.
  public func intervals(_ figures: (_ weights: [Int]) -> [Double]?) -> [ConfidenceInterval]? {
    guard patients > 1 else { return nil }
    var generator = SplitMix64(seed)
    var weights = [Int](repeating: 0, count: patientOfImage.count)
    var drawings: [[Double]] = []
    for _ in 0..<resamples {
      var drawn = [Int](repeating: 0, count: patients)
      for _ in 0..<patients {
        drawn[generator.index(below: patients)] += 1
      }
      for (image, patient) in patientOfImage.enumerated() { weights[image] = drawn[patient] }
      if let values = figures(weights) { drawings.append(values) }
    }
    guard 2 * drawings.count >= resamples else { return nil }
    let tail = (1 - Self.level) / 2
    return drawings[0].indices.map { place in
      let sorted = drawings.map { $0[place] }.sorted()
      return ConfidenceInterval(
        lower: sorted.quantile(ofSorted: tail), upper: sorted.quantile(ofSorted: 1 - tail))
    }
  }

  /// The interval of a mean over images.
  public func interval(ofMean values: [Double]) -> ConfidenceInterval? {
    precondition(values.count == patientOfImage.count)
    return interval(Self.mean(values))
  }
}
