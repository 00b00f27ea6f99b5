import Archive
import EvaluationMetrics
import Experiments
import Foundation
import Radiography
import Rendering
import TestSupport
import Testing
import Training

/// The statistics that plots show.
@Suite struct PlotTests {
  @Test func wilsonIntervalsAreThoseOfStatsmodels() {
    // statsmodels.stats.proportion.proportion_confint(method="wilson")
    for (successes, trials, low, high) in [
      (8, 10, 0.4901624715, 0.9433178485), (0, 5, 0, 0.4344824648), (5, 5, 0.5655175352, 1),
    ] {
      let interval = ReliabilityPlot.wilson(successes, of: trials)
      #expect(abs(interval.lowerBound - low) < 1e-6 && abs(interval.upperBound - high) < 1e-6)
    }
  }

  @Test func rocCurvesPassTheCornersOfTheirScores() throws {
    let ranked = RankedLabels(
      scores: [0.9, 0.8, 0.8, 0.6, 0.4, 0.3], labels: [true, true, false, true, false, false])
    let curve = try #require(ranked.curve())
    let third = 1.0 / 3
    func corner(_ x: Double, _ y: Double) -> RankedLabels.Corner {
      RankedLabels.Corner(falsePositiveRate: x, truePositiveRate: y)
    }
    #expect(
      curve == [
        corner(0, 0), corner(0, third), corner(third, 2 * third), corner(third, 1), corner(2 * third, 1),
        corner(1, 1),
      ])
    // Trapezoids under it have the area that ranks give.
    let area = zip(curve, curve.dropFirst()).reduce(0) { sum, pair in
      let (a, b) = pair
      return sum + (b.falsePositiveRate - a.falsePositiveRate) * (a.truePositiveRate + b.truePositiveRate) / 2
    }
    #expect(abs(area - ranked.auroc()!) < 1e-12)
    #expect(ROCPlot.sensitivity(at: 0, on: curve) == third)
    #expect(abs(ROCPlot.sensitivity(at: 0.5, on: curve) - 1) < 1e-12)
    #expect(abs(ROCPlot.sensitivity(at: third / 2, on: curve) - third * 1.5) < 1e-12)
    #expect(ROCPlot.sensitivity(at: 1, on: curve) == 1)
    #expect(RankedLabels(scores: [0.1, 0.2], labels: [true, true]).curve() == nil)
  }

  @Test func weightsCountImagesSeveralTimes() throws {
    let weighted = RankedLabels(scores: [0.9, 0.5, 0.2], labels: [true, false, true]).curve(weights: [
      2, 1, 1,
    ])
    let repeated = RankedLabels(scores: [0.9, 0.9, 0.5, 0.2], labels: [true, true, false, true]).curve()
    let curve = try #require(weighted)
    #expect(curve == repeated)
    #expect(abs(ROCPlot.sensitivity(at: 0, on: curve) - 2 / 3.0) < 1e-12)
  }
}
