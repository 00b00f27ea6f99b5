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
      images: Set([segmentation, segmentationUnlabelled, classification, unlabelled].flatMap(\.positions))
        .count,
      normal: findings.count { $0 == .normal }, pneumonia: findings.count { $0 == .pneumonia },
      masks: segmentation.count)
  }

  public init(index: ArchiveIndex, cache: ImageCache, configuration: TrainingConfiguration) {
    self.index = index
    self.cache = cache
    func source(_ i: Int) -> String { index.images[i].source }
    // A patient may have been to several sources.
    let strangers = Set(
      index.images.filter { configuration.leftOut?.contains($0.source) ?? false }.map(\.patientKey))
    func positions(_ split: Split) -> [Int] {
      index.indices(of: split).filter {
        cache.hasImage($0) && configuration.takes(source: source($0))
          && !strangers.contains(index.images[$0].patientKey)
      }
    }
    func isOf(_ sources: [String]?, _ i: Int) -> Bool { sources?.contains(source(i)) ?? true }
    let (findings, masks) = (configuration.findingSources, configuration.maskSources)
    validation = positions(.val).filter { isOf(findings, $0) || isOf(masks, $0) }
    let usable = positions(.train)
    let masked = LabelBudget.draw(
      usable.filter { cache.hasMask($0) && isOf(masks, $0) }, count: configuration.labelledSegmentation,
      index: index,
      seed: configuration.seed, balancingClasses: false)
    let labelled = LabelBudget.draw(
      usable.filter { index.images[$0].finding != nil && isOf(findings, $0) },
      count: configuration.labelledClassification,
      index: index, seed: configuration.seed, balancingClasses: true)
    let maskedSet = Set(masked)
    let labelledSet = Set(labelled)
    let exponent = configuration.sourceExponent
    func pool(_ positions: [Int], key: (Int) -> String) -> Pool {
      Pool(positions, key: key, exponent: exponent)
    }
    segmentation = Pool(masked, key: source, exponent: configuration.maskSourceExponent ?? exponent)
    segmentationUnlabelled = pool(
      usable.filter { !maskedSet.contains($0) && isOf(configuration.consistencySources ?? masks, $0) },
      key: source)
    classification =
      configuration.balancedFindings
      ? Pool(balancing: labelled, of: index, exponent: exponent, fewest: 10)
      : pool(labelled) { "\(index.images[$0].finding?.rawValue ?? "") \(source($0))" }
    unlabelled = pool(
      usable.filter { !labelledSet.contains($0) && isOf(configuration.pseudoLabelSources ?? findings, $0) },
      key: source)
    mixing = DomainMixing(usable, index: index)
  }
}
