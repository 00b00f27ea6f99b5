extension ExperimentGrid {
  /// Two arms that are set against each other, on the same labels, seeds and images: the second less the first.
  package struct Match: Sendable, Hashable {
    package let first, second: Arm

    package init(first: Arm, second: Arm) { (self.first, self.second) = (first, second) }

    /// Findings and masks that either learns from; nil for labels that neither does.
    func budgets(_ labels: Labels) -> [Amount?] {
      let cells = [ExperimentCell(first, labels, seed: 0), ExperimentCell(second, labels, seed: 0)]
      return [
        cells[0].classification ?? cells[1].classification, cells[0].segmentation ?? cells[1].segmentation,
      ]
    }

    /// Such as `100 / 10`; a dash for labels that neither learns from.
    func words(_ labels: Labels) -> String {
      budgets(labels).map { $0?.description ?? "-" }.joined(separator: " / ")
    }
  }

  /// The pairs of systems that the file names, and every variant against the system as it is.
  package var matches: [Match] {
    compare.map { Match(first: Arm($0.first), second: Arm($0.second)) }
      + arms.filter { $0.variant != nil }.map { Match(first: Arm($0.system), second: $0) }
  }

  /// The pairs of budgets that make a difference to either of the two.
  func labels(of match: Match) -> [Labels] {
    var seen: Set<[ExperimentCell]> = []
    return labels.filter { labels in
      seen.insert([match.first, match.second].map { ExperimentCell($0, labels, seed: 0) }).inserted
    }
  }
}
