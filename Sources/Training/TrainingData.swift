public import Archive
internal import MultiMix

/// The images of an archive's training split, sorted into the streams of the objective.
public struct TrainingData: Sendable {
  public let index: ArchiveIndex
  public let cache: ImageCache
  /// Positions in the index.
  public let segmentation, segmentationUnlabelled, classification, unlabelled: Pool
  /// Positions of the validation split.
  public let validation: [Int]
  let mixing: DomainMixing
  /// Where the lungs are in the images that are read by them alone, by position: see ``findingLungs(by:margin:progress:)``.
  var boxes: [Int: LungBox] = [:]

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
}
