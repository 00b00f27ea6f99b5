import EvaluationMetrics
import Testing

@Suite struct SaliencyMetricsTests {
  @Test func energyAndPointAreThoseInside() throws {
    let inside = [true, true, false, false, false, false, false, false]
    let some = try #require(SaliencyMetrics([3, 1, 2, 2, 0, 0, 0, 0], within: inside))
    #expect(some.energy == 0.5 && some.pointsInside && some.chance == 0.25)
    let none = try #require(SaliencyMetrics([0, 0, 2, 2, 0, 0, 0, 0], within: inside))
    #expect(none.energy == 0 && !none.pointsInside)
  }

  /// What is the same everywhere has the chance for its energy, and points nowhere.
  @Test func evenSaliencyIsChance() throws {
    let even = try #require(
      SaliencyMetrics([Float](repeating: 0.2, count: 8), within: (0..<8).map { $0 < 3 }))
    #expect(abs(even.energy - even.chance) < 1e-7 && even.chance == 0.375 && !even.pointsInside)
  }

  @Test func whereThereIsNothingToMeasureThereIsNothing() {
    #expect(SaliencyMetrics([0, 0], within: [true, false]) == nil)
    #expect(SaliencyMetrics([1, 0], within: [false, false]) == nil)
    #expect(SaliencyMetrics([1, 0], within: [true, true]) == nil)
    #expect(SaliencyMetrics([.nan, .infinity], within: [true, false]) == nil)
  }

  @Test func sensitivityAndSpecificityAreOfTheirOwnClass() throws {
    let metrics = ClassificationMetrics(
      probabilities: [0.9, 0.7, 0.2, 0.8, 0.1, 0.3, 0.2],
      labels: [true, true, true, false, false, false, false],
      threshold: 0.5, patients: (0..<7).map { "\($0)" })
    #expect(metrics.sensitivity == 2.0 / 3 && metrics.specificity == 0.75 && metrics.recall == 2.0 / 3)
    for (interval, value) in [(metrics.sensitivityInterval, 2.0 / 3), (metrics.specificityInterval, 0.75)] {
      let interval = try #require(interval)
      #expect(interval.lower < value && value <= interval.upper && interval.lower >= 0 && interval.upper <= 1)
    }
    // At the stored threshold, not at one half.
    let strict = ClassificationMetrics(
      probabilities: [0.9, 0.7, 0.2, 0.8], labels: [true, true, true, false], threshold: 0.85)
    #expect(strict.sensitivity == 1.0 / 3 && strict.specificity == 1 && strict.sensitivityInterval == nil)
    let one = ClassificationMetrics(probabilities: [0.1, 0.9], labels: [true, true], threshold: 0.5)
    #expect(one.sensitivity == 0.5 && one.specificity == nil)
  }
}
