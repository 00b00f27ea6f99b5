internal import Archive
internal import EvaluationMetrics
internal import MultiMix

extension Evaluation {
  /// What the best of a training's models is chosen by: mean Dice plus mean AUROC, each the mean over source folders,
  /// so that a large source doesn't outvote the others and telling sources apart earns nothing. A source counts for
  /// the Dice with ten masks, for the AUROC with ten images of each class; where none has as many, all images count
  /// as one. Nil where there is neither.
  package var selectionScore: Double? {
    func mean(_ values: [Double]) -> Double? {
      values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
    let bySource = sources.map { source in rows.filter { $0.image.source == source } }
    func dice(_ rows: [Row]) -> Double? { mean(rows.compactMap { $0.segmentation?.dice }) }
    func auroc(_ rows: [Row]) -> Double? {
      RankedLabels(scores: rows.map(\.pneumoniaLogit), labels: rows.map(\.isPneumonia)).auroc()
    }
    let segmented = bySource.map { $0.filter { $0.segmentation != nil } }.filter { $0.count >= Self.fewest }
    let classified = bySource.map { $0.filter { $0.image.finding != nil } }.filter { rows in
      let positive = rows.count(where: \.isPneumonia)
      return min(positive, rows.count - positive) >= Self.fewest
    }
    let parts = [
      system.segments ? mean(segmented.compactMap(dice)) ?? dice(self.segmented) : nil,
      system.classifies ? mean(classified.compactMap(auroc)) ?? auroc(self.classified) : nil,
    ].compactMap(\.self)
    return parts.isEmpty ? nil : parts.reduce(0, +)
  }

  private static let fewest = 10
}
