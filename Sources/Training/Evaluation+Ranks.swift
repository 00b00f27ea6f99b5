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
private struct ReadRow: Codable {
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
}
