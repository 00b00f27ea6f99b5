package import Archive
internal import Foundation
package import Tensors

extension TrainingData {
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
      var point = generator.real(below: weights.reduce(0, +))
      for (group, weight) in zip(groups, weights) {
        if point < weight { return generator.element(of: group) ?? 0 }
        point -= weight
      }
      return generator.element(of: groups[groups.count - 1]) ?? 0
    }
  }
}
