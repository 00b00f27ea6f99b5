public import Archive
internal import Foundation
package import MultiMix
package import Tensors

/// The images of an archive's training split, sorted into the streams of the objective.
public struct TrainingData: Sendable {
  public let index: ArchiveIndex
  public let cache: ImageCache
  /// Positions in the index.
  public let segmentation, segmentationUnlabelled, classification, unlabelled: Pool
  /// Positions of the validation split.
  public let validation: [Int]
  private let mixing: DomainMixing

  /// Positions of a stream, grouped so that drawing can balance sources (and, for labelled findings,
  /// classes).
  public struct Pool: Sendable {
    let groups: [[Int]]
    let weights: [Double]
    package var positions: [Int] { groups.flatMap(\.self) }
    public var count: Int { groups.reduce(0) { $0 + $1.count } }
    public var isEmpty: Bool { groups.isEmpty }

    package init(_ positions: [Int], key: (Int) -> String, exponent: Double) {
      let grouped = Dictionary(grouping: positions, by: key).sorted { $0.key < $1.key }
      groups = grouped.map(\.value)
      weights = groups.map { pow(Double($0.count), exponent) }
    }

    /// Positions by source and then by class, a source's classes alike.
    /// - Parameter fewest: sources with fewer images of a class are left out, unless all would be.
    package init(balancing positions: [Int], of index: ArchiveIndex, exponent: Double, fewest: Int) {
      func isPneumonia(_ i: Int) -> Bool { index.images[i].finding == .pneumonia }
      let sources = Dictionary(grouping: positions) { index.images[$0].source }.sorted { $0.key < $1.key }
        .map(\.value)
      func smallerClass(_ source: [Int]) -> Int {
        let pneumonia = source.count(where: isPneumonia)
        return min(pneumonia, source.count - pneumonia)
      }
      let balanced = sources.filter { smallerClass($0) >= fewest }
      var groups: [[Int]] = []
      var weights: [Double] = []
      for source in balanced.isEmpty ? sources : balanced {
        let classes = [source.filter { !isPneumonia($0) }, source.filter(isPneumonia)].filter { !$0.isEmpty }
        groups += classes
        weights += classes.map { _ in pow(Double(source.count), exponent) / Double(classes.count) }
      }
      (self.groups, self.weights) = (groups, weights)
    }

    package func draw(using generator: inout SplitMix64) -> Int {
      var point = Double.random(in: 0..<weights.reduce(0, +), using: &generator)
      for (group, weight) in zip(groups, weights) {
        if point < weight { return group.randomElement(using: &generator) ?? 0 }
        point -= weight
      }
      return groups[groups.count - 1].randomElement(using: &generator) ?? 0
    }
  }

  /// How many labels it keeps.
  public var labels: TrainingLabels {
    let findings = classification.positions.map { index.images[$0].finding }
    return TrainingLabels(
      images: segmentation.count + segmentationUnlabelled.count,
      normal: findings.count { $0 == .normal }, pneumonia: findings.count { $0 == .pneumonia },
      masks: segmentation.count)
  }

  public init(index: ArchiveIndex, cache: ImageCache, configuration: TrainingConfiguration) {
    self.index = index
    self.cache = cache
    func positions(_ split: Split) -> [Int] {
      index.indices(of: split).filter {
        cache.hasImage($0) && configuration.sources?.contains(index.images[$0].source) ?? true
      }
    }
    validation = positions(.val)
    let usable = positions(.train)
    let masked = LabelBudget.draw(
      usable.filter { cache.hasMask($0) }, count: configuration.labelledSegmentation, index: index,
      seed: configuration.seed, balancingClasses: false)
    let labelled = LabelBudget.draw(
      usable.filter { index.images[$0].finding != nil }, count: configuration.labelledClassification,
      index: index, seed: configuration.seed, balancingClasses: true)
    let maskedSet = Set(masked)
    let labelledSet = Set(labelled)
    func source(_ i: Int) -> String { index.images[i].source }
    let exponent = configuration.sourceExponent
    func pool(_ positions: [Int], key: (Int) -> String) -> Pool {
      Pool(positions, key: key, exponent: exponent)
    }
    segmentation = Pool(masked, key: source, exponent: configuration.maskSourceExponent ?? exponent)
    segmentationUnlabelled = pool(usable.filter { !maskedSet.contains($0) }, key: source)
    classification =
      configuration.balancedFindings
      ? Pool(balancing: labelled, of: index, exponent: exponent, fewest: 10)
      : pool(labelled) { "\(index.images[$0].finding?.rawValue ?? "") \(source($0))" }
    unlabelled = pool(usable.filter { !labelledSet.contains($0) }, key: source)
    mixing = DomainMixing(usable, index: index)
  }

  /// The batch of a step: a function of the seed and the step alone.
  package func batch(step: Int, size: Int, configuration: TrainingConfiguration) -> Batch<Float> {
    var batch = Batch<Float>(size: size)
    func draw<Result>(_ stream: UInt64, _ pool: Pool, _ count: Int, _ make: (Int, inout SplitMix64) -> Result)
      -> [Result]
    {
      pool.isEmpty
        ? []
        : (0..<count).map { i in
          var generator = SplitMix64(configuration.seed, UInt64(step), stream, UInt64(i))
          return make(pool.draw(using: &generator), &generator)
        }
    }
    let sizes = configuration.batch
    batch.segmentation = draw(1, segmentation, sizes.segmentation) { i, generator in
      let source = self.mixed(self.image(i, size), of: i, configuration, using: &generator)
      let (image, mask) = Augmentation.segmentation(source, mask: self.mask(i, size), using: &generator)
      return (varied(image, configuration, using: &generator).values, mask?.values ?? [])
    }
    if configuration.objective.consistency > 0, configuration.objective.consistencyKind != .published {
      let views = draw(2, segmentationUnlabelled, sizes.segmentationUnlabelled) {
        self.consistencyViews($0, size, configuration, using: &$1)
      }
      batch.segmentationUnlabelled = views.map(\.image.values)
      batch.segmentationStrong = views.compactMap { $0.strong?.values }
    }
    batch.classification = draw(3, classification, sizes.classification) { i, generator in
      let image = self.mixed(self.image(i, size), of: i, configuration, using: &generator)
      let isWeak = !configuration.variedFindings && Bool.random(using: &generator)
      let view =
        isWeak
        ? Augmentation.weak(image, using: &generator)
        : varied(
          Augmentation.segmentation(image, mask: nil, using: &generator).image, configuration,
          using: &generator)
      return (view.values, index.images[i].finding?.classIndex ?? 0)
    }
    if configuration.objective.pseudoLabel > 0 {
      batch.unlabelled = draw(4, unlabelled, sizes.unlabelled) { i, generator in
        let image = self.image(i, size)
        let weak = Augmentation.weak(image, using: &generator)
        let mixed = self.mixed(image, of: i, configuration, using: &generator)
        return (weak.values, Augmentation.strong(mixed, using: &generator).values)
      }
    }
    return batch
  }

  /// An image without a mask as the consistency term takes it: one view, or a weak and a strong one of the same
  /// pixels, whose teacher sees the image's own grey levels.
  private func consistencyViews(
    _ position: Int, _ size: Int, _ configuration: TrainingConfiguration, using generator: inout SplitMix64
  ) -> (image: GrayImage, strong: GrayImage?) {
    let image = image(position, size)
    guard configuration.objective.consistencyKind == .weakToStrong else {
      let mixed = mixed(image, of: position, configuration, using: &generator)
      return (Augmentation.segmentation(mixed, mask: nil, using: &generator).image, nil)
    }
    let weak = Augmentation.segmentation(image, mask: nil, using: &generator).image
    let mixed = mixed(weak, of: position, configuration, using: &generator)
    return (weak, Augmentation.strongInPlace(mixed, using: &generator))
  }

  /// With the configuration's probability, an image at `position` with grey levels nearer another source's.
  private func mixed(
    _ image: GrayImage, of position: Int, _ configuration: TrainingConfiguration,
    using generator: inout SplitMix64
  ) -> GrayImage {
    guard configuration.domainMixing > 0,
      Double.random(in: 0..<1, using: &generator) < configuration.domainMixing,
      let partner = mixing.partner(ofSource: index.images[position].source, using: &generator)
    else { return image }
    return image.matched(
      to: self.image(partner, image.size), strength: Double.random(in: 0...1, using: &generator))
  }

  /// With the configuration's probability, the image as another detector might give it.
  private func varied(
    _ image: GrayImage, _ configuration: TrainingConfiguration, using generator: inout SplitMix64
  ) -> GrayImage {
    guard configuration.detectorVariation > 0,
      Double.random(in: 0..<1, using: &generator) < configuration.detectorVariation
    else { return image }
    return Augmentation.detectorVariation(image, using: &generator)
  }

  /// The SOP Instance UIDs of a step's images.
  package func describe(step: Int, _ configuration: TrainingConfiguration) -> [String] {
    let streams: [(UInt64, Pool, Int)] = [
      (1, segmentation, configuration.batch.segmentation),
      (2, segmentationUnlabelled, configuration.batch.segmentationUnlabelled),
      (3, classification, configuration.batch.classification),
      (4, unlabelled, configuration.batch.unlabelled),
    ]
    return streams.flatMap { stream, pool, count in
      pool.isEmpty
        ? []
        : (0..<count).map { i in
          var generator = SplitMix64(configuration.seed, UInt64(step), stream, UInt64(i))
          return index.images[pool.draw(using: &generator)].sopInstanceUID
        }
    }
  }

  private func image(_ i: Int, _ size: Int) -> GrayImage {
    GrayImage(size: cache.size, pixels: cache.imageBytes(i)).reduced(to: size)
  }

  private func mask(_ i: Int, _ size: Int) -> GrayImage {
    GrayImage(size: cache.size, pixels: cache.maskBytes(i) ?? []).reduced(to: size)
  }
}
