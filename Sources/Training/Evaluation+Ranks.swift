internal import Archive
internal import EvaluationMetrics
internal import MultiMix

extension Evaluation {
  /// The same over ranks: each reads its share of the images, and all get all rows.
  /// - Throws: `RankFailure`
  init(
    _ models: [Predictor], index: ArchiveIndex, cache: ImageCache, positions: [Int], ranks: any RankGroup
  ) throws(RankFailure) {
    let labelled = Self.labelled(positions, index, cache)
    let own = Evaluation(models, index: index, cache: cache, positions: ranks.share(of: labelled))
    let rows = try ranks.dealtBack(own.rows.map(ReadRow.init))
    self.init(
      rows: zip(labelled, rows).map { position, row in row.row(of: index.images[position]) },
      metadata: own.metadata)
  }
}

/// What was read of an image, as it goes from rank to rank: all have the image's labels already.
private struct ReadRow: RankRecord {
  let pneumoniaLogit, pneumoniaProbability: Double
  let segmentation: SegmentationMetrics?
  let saliency: SaliencyMetrics?
  let lungs: LungShape.Verdict
  let isFinite: Bool

  init(_ row: Evaluation.Row) {
    (pneumoniaLogit, pneumoniaProbability) = (row.pneumoniaLogit, row.pneumoniaProbability)
    (segmentation, saliency, lungs, isFinite) = (row.segmentation, row.saliency, row.lungs, row.isFinite)
  }

  func row(of image: ArchiveImage) -> Evaluation.Row {
    Evaluation.Row(
      image: image, pneumoniaLogit: pneumoniaLogit, pneumoniaProbability: pneumoniaProbability,
      segmentation: segmentation, saliency: saliency, lungs: lungs, isFinite: isFinite)
  }

  // The first four say what follows: which of the figures there are, the verdict on the lungs, and whether all is finite.
  static let length = 4 + 2 + SegmentationMetrics.figureCount + SaliencyMetrics.figureCount

  var numbers: [UInt64] {
    let verdict = LungShape.Verdict.allCases.firstIndex(of: lungs) ?? 0
    let figures =
      [pneumoniaLogit, pneumoniaProbability]
      + (segmentation?.figures ?? [Double](repeating: 0, count: SegmentationMetrics.figureCount))
      + (saliency?.figures ?? [Double](repeating: 0, count: SaliencyMetrics.figureCount))
    return [segmentation == nil ? 0 : 1, saliency == nil ? 0 : 1, UInt64(verdict), isFinite ? 1 : 0]
      + figures.map(\.bitPattern)
  }

  init?(numbers: [UInt64]) {
    guard let place = Int(exactly: numbers[2]), LungShape.Verdict.allCases.indices.contains(place) else {
      return nil
    }
    let figures = numbers.dropFirst(4).map { Double(bitPattern: $0) }
    let both = figures.dropFirst(2)
    (pneumoniaLogit, pneumoniaProbability) = (figures[0], figures[1])
    segmentation =
      numbers[0] == 0
      ? nil : SegmentationMetrics(figures: Array(both.prefix(SegmentationMetrics.figureCount)))
    saliency =
      numbers[1] == 0 ? nil : SaliencyMetrics(figures: Array(both.suffix(SaliencyMetrics.figureCount)))
    lungs = LungShape.Verdict.allCases[place]
    isFinite = numbers[3] != 0
  }
}
