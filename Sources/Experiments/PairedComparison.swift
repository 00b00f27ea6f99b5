internal import Archive
package import EvaluationMetrics
internal import MultiMix

/// Two trainings on the same labels and seed, or several such pairs together, measured on the same images.
package struct PairedComparison: Sendable, Equatable {
  /// Of systems that both learned findings.
  package struct Findings: Sendable, Equatable {
    package let n: Int
    /// Of what is right at threshold 0.5; nil for several seeds, whose readings of an image aren't independent. It takes
    /// images as independent, which those of one patient aren't: where patients have several, p tends to be too small.
    package let mcNemar: McNemar?
    package let accuracy: PairedDifference
    /// nil where only one class occurs.
    package let auroc: PairedDifference?
  }

  /// Of systems that both learned lung masks.
  package struct Masks: Sendable, Equatable {
    package let n: Int
    package let dice: PairedDifference
  }

  package let match: ExperimentGrid.Match
  package let labels: ExperimentGrid.Labels
  package let test: String
  /// One, or all that both were trained with and have readings of.
  package let seeds: [UInt64]
  /// nil where there is nothing to compare.
  package let findings: Findings?
  package let masks: Masks?

  /// Every comparison of a grid that there are readings for: seed by seed, then all seeds together.
  /// - Parameters:
  ///   - readings: of the finished cells, by the names of the tests.
  ///   - patients: what tells the patient of an image, by its SOP Instance UID.
  package static func all(
    of grid: ExperimentGrid, readings: [ExperimentCell: [String: [Reading]]], patients: [String: String]
  ) -> [PairedComparison] {
    var comparisons: [PairedComparison] = []
    for match in grid.matches {
      for labels in grid.labels(of: match) {
        for test in grid.tests {
          let pairs = grid.seeds.compactMap { seed -> Pair? in
            guard let first = readings[grid.cell(match.first, labels, seed: seed, for: test)]?[test.name],
              let second = readings[grid.cell(match.second, labels, seed: seed, for: test)]?[test.name]
            else { return nil }
            return Pair(seed: seed, first: first, second: second)
          }
          comparisons += pairs.map {
            PairedComparison(match, labels, test: test.name, findings: [$0], masks: [$0], patients)
          }.filter { $0.findings != nil || $0.masks != nil }
          comparisons += together(match, labels, test: test.name, pairs, patients)
        }
      }
    }
    return comparisons
  }

  /// All seeds that have something to say. A seed whose masks weren't kept image by image has no part in their mean,
  /// which then stands in a row of its own.
  private static func together(
    _ match: ExperimentGrid.Match, _ labels: ExperimentGrid.Labels, test: String, _ pairs: [Pair],
    _ patients: [String: String]
  ) -> [PairedComparison] {
    let systems = [match.first.system, match.second.system]
    let findings = systems.allSatisfy(\.classifies) ? pairs.filter { $0.bothSay(\.isFound) } : []
    let masks = systems.allSatisfy(\.segments) ? pairs.filter { $0.bothSay(\.isMeasured) } : []
    return (findings.map(\.seed) == masks.map(\.seed) ? [(findings, masks)] : [(findings, []), ([], masks)])
      .filter { max($0.0.count, $0.1.count) > 1 }
      .map { PairedComparison(match, labels, test: test, findings: $0.0, masks: $0.1, patients) }
      .filter { $0.findings != nil || $0.masks != nil }
  }

  private struct Pair {
    let seed: UInt64
    let first, second: [Reading]

    func bothSay(_ something: (Reading) -> Bool) -> Bool {
      first.contains(where: something) && second.contains(where: something)
    }
  }

  /// - Parameters:
  ///   - findings: the pairs whose findings are compared.
  ///   - masks: those whose masks are.
  private init(
    _ match: ExperimentGrid.Match, _ labels: ExperimentGrid.Labels, test: String, findings: [Pair],
    masks: [Pair], _ patients: [String: String]
  ) {
    (self.match, self.labels, self.test) = (match, labels, test)
    let systems = [match.first.system, match.second.system]
    let classifies = systems.allSatisfy(\.classifies)
    self.findings = classifies ? Findings(Self.shared(findings, \.isFound), patients) : nil
    self.masks = systems.allSatisfy(\.segments) ? Masks(Self.shared(masks, \.isMeasured), patients) : nil
    seeds = (self.findings == nil ? masks : findings).map(\.seed)
  }

  /// What each pair of models says of the images that all of them have read, in one order.
  private static func shared(_ pairs: [Pair], _ counts: (Reading) -> Bool) -> [(
    first: [Reading], second: [Reading]
  )] {
    guard let images = pairs.first?.first.map(\.sopInstanceUID) else { return [] }
    let readings = pairs.flatMap { [$0.first, $0.second] }.map { list in
      Dictionary(list.filter(counts).map { ($0.sopInstanceUID, $0) }) { first, _ in first }
    }
    let common = images.filter { image in
      readings.allSatisfy { $0[image] != nil }
    }
    let ordered = readings.map { list in common.compactMap { list[$0] } }
    return pairs.indices.map { (ordered[2 * $0], ordered[2 * $0 + 1]) }
  }
}

extension PairedComparison.Findings {
  /// As for every model of an experiment, whatever its own threshold: the more probable class is the answer.
  private static let threshold = 0.5

  fileprivate init?(_ pairs: [(first: [Reading], second: [Reading])], _ patients: [String: String]) {
    guard let images = pairs.first?.first, !images.isEmpty else { return nil }
    n = images.count
    func isRight(_ reading: Reading) -> Bool {
      (reading.pneumoniaProbability >= Self.threshold) == (reading.finding == .pneumonia)
    }
    mcNemar =
      pairs.count == 1
      ? McNemar(first: pairs[0].first.map(isRight), second: pairs[0].second.map(isRight)) : nil
    let bootstrap = Bootstrap(readings: images, patients)
    func share(_ readings: [Reading]) -> Bootstrap.Statistic {
      Bootstrap.mean(readings.map { isRight($0) ? 1 : 0 })
    }
    func area(_ readings: [Reading]) -> Bootstrap.Statistic {
      let ranked = RankedLabels(
        scores: readings.map(\.pneumoniaProbability), labels: readings.map { $0.finding == .pneumonia })
      return { ranked.auroc(weights: $0) }
    }
    guard let accuracy = bootstrap.difference(pairs.map { (share($0.first), share($0.second)) }) else {
      return nil
    }
    self.accuracy = accuracy
    auroc = bootstrap.difference(pairs.map { (area($0.first), area($0.second)) })
  }
}

extension PairedComparison.Masks {
  fileprivate init?(_ pairs: [(first: [Reading], second: [Reading])], _ patients: [String: String]) {
    guard let images = pairs.first?.first, !images.isEmpty else { return nil }
    n = images.count
    func mean(_ readings: [Reading]) -> Bootstrap.Statistic { Bootstrap.mean(readings.compactMap(\.dice)) }
    let difference = Bootstrap(readings: images, patients).difference(
      pairs.map { (mean($0.first), mean($0.second)) })
    guard let difference else { return nil }
    dice = difference
  }
}

extension Reading {
  /// Whether it counts among findings, or masks.
  fileprivate var isFound: Bool { finding != nil }
  fileprivate var isMeasured: Bool { dice != nil }
}

extension Bootstrap {
  /// An image whose patient isn't known counts as a patient of its own.
  fileprivate init(readings: [Reading], _ patients: [String: String]) {
    self.init(patients: readings.map { patients[$0.sopInstanceUID] ?? "image \($0.sopInstanceUID)" })
  }
}
