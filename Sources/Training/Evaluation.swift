public import Archive
public import EvaluationMetrics
public import MultiMix
internal import Synchronization
import Tensors

/// What a model does on the labelled images of an archive, image by image, and the figures drawn from it.
public struct Evaluation: Sendable {
  /// One image with a label or a mask.
  public struct Row: Sendable {
    public internal(set) var image: ArchiveImage
    /// The score of pneumonia less that of normal, before the temperature.
    public let pneumoniaLogit: Double
    /// At the model's temperature.
    public let pneumoniaProbability: Double
    public internal(set) var segmentation: SegmentationMetrics?
    /// Where the decision came from, as far as the lungs are known; nil where they aren't, or nothing was decided.
    public internal(set) var saliency: SaliencyMetrics?
    /// Whether what the model draws is a pair of lungs.
    public let lungs: LungShape.Verdict
    /// Whether the model's scores and mask logits were numbers.
    let isFinite: Bool

    /// Nil where the header doesn't tell the patient's age.
    public var ageGroup: AgeGroup? { image.traits?.age.map { AgeGroup(years: $0) } }

    /// Whether the label says so.
    public var isPneumonia: Bool { image.finding == .pneumonia }

    package init(
      image: ArchiveImage, pneumoniaLogit: Double, pneumoniaProbability: Double,
      segmentation: SegmentationMetrics?, saliency: SaliencyMetrics? = nil,
      lungs: LungShape.Verdict = .lungs, isFinite: Bool = true
    ) {
      self.image = image
      self.pneumoniaLogit = pneumoniaLogit
      self.pneumoniaProbability = pneumoniaProbability
      self.segmentation = segmentation
      self.saliency = saliency
      self.lungs = lungs
      self.isFinite = isFinite
    }
  }

  public private(set) var rows: [Row]
  /// Of the model, with the temperature and the threshold that ``rows`` and figures are drawn with.
  public let metadata: ModelMetadata

  public var threshold: Double { metadata.decisionThreshold }
  /// The probabilities at which findings are left open; nil where none is.
  public var abstentionBand: Range<Double>? { metadata.abstentionBand }
  /// What the model learned; the figures leave out the rest.
  public var system: System { metadata.system }
  public var sources: [String] { Set(rows.map(\.image.source)).sorted() }
  /// The rows that the figures of the findings, and of the masks, are drawn from.
  public var classified: [Row] { system.classifies ? rows.filter { $0.image.finding != nil } : [] }
  public var segmented: [Row] { system.segments ? rows.filter { $0.segmentation != nil } : [] }

  package init(rows: [Row], metadata: ModelMetadata) {
    self.rows = rows
    self.metadata = metadata
  }

  /// Reads the images at `positions` of the index that carry a finding or a mask.
  /// - Parameters:
  ///   - models: one predictor for each thread, all of the same model.
  ///   - visibleSources: sources whose masks are of lung fields as they are seen; a model that draws those, too, is measured by
  ///     them there.
  ///   - progress: images done and in all; called from any thread.
  public init(
    _ models: [Predictor], index: ArchiveIndex, cache: ImageCache, positions: [Int],
    visibleSources: Set<String> = [], progress: @Sendable (Int, Int) -> Void = { _, _ in }
  ) {
    let labelled = Self.labelled(positions, index, cache)
    let done = Atomic(0)
    let shares = concurrentMap(models.indices, threads: models.count) { t in
      stride(from: t, to: labelled.count, by: models.count).map { n in
        let row = Self.read(labelled[n], models[t], index, cache, visibleSources)
        progress(done.add(1, ordering: .relaxed).newValue, labelled.count)
        return row
      }
    }
    self.init(
      rows: labelled.indices.map { shares[$0 % models.count][$0 / models.count] },
      metadata: models[0].metadata)
  }

  /// Those that carry a finding or a mask.
  static func labelled(_ positions: [Int], _ index: ArchiveIndex, _ cache: ImageCache) -> [Int] {
    positions.filter { cache.hasImage($0) && (index.images[$0].finding != nil || cache.hasMask($0)) }
  }

  private static func read(
    _ position: Int, _ model: Predictor, _ index: ArchiveIndex, _ cache: ImageCache,
    _ visibleSources: Set<String>
  ) -> Row {
    let image = cache.image(position)
    let prediction = model.predict(image) {
      cache.part(position, size: cache.size, box: $0.pixels(ofSide:))
    }
    let lungs = cache.maskBytes(position).map { mask in mask.map { $0 > 127 } }
    let isVisible = visibleSources.contains(index.images[position].source)
    let drawn = isVisible ? prediction.visibleLungs?.probability : nil
    let segmentation = lungs.map { lungs in
      SegmentationMetrics(
        prediction: (drawn ?? prediction.lungProbability).map { $0 >= 0.5 }, reference: lungs,
        size: cache.size)
    }
    let saliency = lungs.flatMap { lungs in
      model.metadata.system.classifies ? SaliencyMetrics(prediction.saliency, within: lungs) : nil
    }
    return Row(
      image: index.images[position],
      pneumoniaLogit: model.metadata.pneumoniaLogit(ofScores: prediction.classLogits),
      pneumoniaProbability: prediction.pneumoniaProbability, segmentation: segmentation, saliency: saliency,
      lungs: prediction.lungs,
      isFinite: (prediction.classLogits + prediction.maskLogits).allSatisfy(\.isFinite))
  }

  /// The same readings, with the labels of these sources alone; nil counts all of them.
  package func counting(findingsOf findings: [String]?, masksOf masks: [String]?) -> Evaluation {
    var counting = self
    counting.rows = rows.map { row in
      var row = row
      if !(findings?.contains(row.image.source) ?? true) { row.image = row.image.unlabelled }
      if !(masks?.contains(row.image.source) ?? true) { (row.segmentation, row.saliency) = (nil, nil) }
      return row
    }
    return counting
  }
}
