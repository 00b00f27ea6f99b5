import Archive
import Foundation
import Tensors
import Testing
import Training

/// How often images are drawn from sources of different sizes and mixes of findings.
@Suite struct BalancedFindingsTests {
  /// - Parameter sources: how many normal images and how many with pneumonia each has.
  private func index(_ sources: [(name: String, normal: Int, pneumonia: Int)]) throws -> ArchiveIndex {
    let images: [[String: Any]] = sources.flatMap { source in
      (0..<source.normal + source.pneumonia).map { n in
        [
          "path": "\(source.name)/\(n).dcm", "source": source.name, "sopInstanceUID": "1.\(source.name).\(n)",
          "studyInstanceUID": "2.\(n)", "seriesInstanceUID": "3.\(n)", "patientID": "\(source.name)\(n)",
          "rows": 8, "columns": 8, "fileSize": 100, "masks": [String](),
          "finding": n < source.normal ? "normal" : "pneumonia", "split": "train",
        ]
      }
    }
    let object: [String: Any] = [
      "images": images, "problems": [String](), "digest": "", "pixelDigest": "",
      "counts": [
        "files": 0, "radiographs": 0, "masks": 0, "notDICOM": 0, "otherObjects": [String: Int](),
        "headersRead": 0,
      ],
    ]
    return try JSONDecoder().decode(ArchiveIndex.self, from: JSONSerialization.data(withJSONObject: object))
  }

  /// The share of each source and finding among many draws.
  private func shares(_ index: ArchiveIndex, exponent: Double) -> [String: Double] {
    let pool = TrainingData.Pool(
      balancing: Array(index.images.indices), of: index, exponent: exponent, fewest: 10)
    var generator = SplitMix64(3)
    let draws = 20_000
    let names = (0..<draws).map { _ in
      let image = index.images[pool.draw(using: &generator)]
      return "\(image.source) \(image.finding?.rawValue ?? "")"
    }
    return Dictionary(grouping: names, by: \.self).mapValues { Double($0.count) / Double(draws) }
  }

  @Test func classesOfASourceAreAlike() throws {
    let index = try index([("a", 800, 100), ("b", 40, 60)])
    // sqrt(900) to sqrt(100).
    let roots = shares(index, exponent: 0.5)
    #expect(abs(roots["a normal", default: 0] - 0.375) < 0.015)
    #expect(abs(roots["a pneumonia", default: 0] - 0.375) < 0.015)
    #expect(abs(roots["b normal", default: 0] - 0.125) < 0.015)
    #expect(abs(roots["b pneumonia", default: 0] - 0.125) < 0.015)
    let alike = shares(index, exponent: 0)
    #expect(alike.count == 4 && alike.values.allSatisfy { abs($0 - 0.25) < 0.015 })
  }

  /// What `sourceExponent` and `maskSourceExponent` do.
  @Test(arguments: [(0.0, 0.5), (0.5, 0.75), (1.0, 0.9)])
  func sourcesAreDrawnByAPowerOfTheirSize(exponent: Double, expected: Double) throws {
    let index = try index([("a", 900, 0), ("b", 100, 0)])
    let pool = TrainingData.Pool(
      Array(index.images.indices), key: { index.images[$0].source }, exponent: exponent)
    var generator = SplitMix64(3)
    let draws = (0..<20_000).count { _ in index.images[pool.draw(using: &generator)].source == "a" }
    #expect(abs(Double(draws) / 20_000 - expected) < 0.015)
  }

  @Test func sourcesThatGiveTheFindingAwayAreLeftOut() throws {
    let index = try index([("a", 20, 10), ("b", 9, 200), ("c", 0, 50)])
    #expect(shares(index, exponent: 0.5).keys.sorted() == ["a normal", "a pneumonia"])
    // Unless no other is there.
    let poor = try self.index([("b", 9, 200), ("c", 0, 50)])
    let drawn = shares(poor, exponent: 0)
    #expect(abs(drawn["b normal", default: 0] - 0.25) < 0.015)
    #expect(abs(drawn["b pneumonia", default: 0] - 0.25) < 0.015)
    #expect(abs(drawn["c pneumonia", default: 0] - 0.5) < 0.015)
  }
}
