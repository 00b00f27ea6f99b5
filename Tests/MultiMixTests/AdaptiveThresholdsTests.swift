import MultiMix
import NeuralNetworks
import Tensors
import TestSupport
import Testing

@Suite struct AdaptiveThresholdsTests {
  private func terms(_ confidence: Double, _ probabilities: SIMD2<Double>) -> LossValues {
    var terms = LossValues()
    terms.weakConfidence = confidence
    terms.weakProbabilities = probabilities
    return terms
  }

  /// From 1/2 everywhere, with decay 3/4: confidence (3 * 0.5 + 0.9) / 4 = 0.6, classes 0.4 and 0.6, so 0.6 for the
  /// second class and 2/3 of it for the first.
  @Test func byHand() {
    var thresholds = AdaptiveThresholds()
    #expect(thresholds.values == [0.5, 0.5])
    thresholds.update(with: terms(0.9, [0.1, 0.9]), decay: 0.75)
    #expect(abs(thresholds.values[0] - 0.4) < 1e-15 && abs(thresholds.values[1] - 0.6) < 1e-15)
    thresholds.update(with: terms(1, [1, 0]), decay: 0.75)
    // Confidence 0.7, classes 0.55 and 0.45.
    #expect(abs(thresholds.values[0] - 0.7) < 1e-15)
    #expect(abs(thresholds.values[1] - 0.7 * 9 / 11) < 1e-15)
  }

  @Test func textKeepsEveryBit() {
    var thresholds = AdaptiveThresholds()
    for i in 1...20 {
      let p = 1 / Double(i + 2)
      thresholds.update(with: terms(1 - p, [p, 1 - p]), decay: 0.99)
      #expect(AdaptiveThresholds(thresholds.description) == thresholds)
    }
    for damaged in ["", "0.5 0.5", "0.5 0.5 x", "0.5 0.5 1.5", "nan 0.5 0.5"] {
      #expect(AdaptiveThresholds(damaged) == nil)
    }
  }

  /// Of the two weak views, tau lets one through. Thresholds as high for the class that it is of keep it out; as low
  /// for both classes let both through; and the means are those of the views, whatever counts.
  @Test func theyDecideWhichImagesCount() throws {
    let plain = PlainObjective()
    let step = TrainingStep(
      MultiMixNetwork<Double>(Goldens.formulaWeights()), size: GradientTests.size, threads: 2)
    let gradient = Parameters<Double>(step.network.parameters.layout)
    func run(_ thresholds: AdaptiveThresholds?) throws -> LossValues {
      try step.run(
        plain.batch, objective: plain.objective, thresholds: thresholds, seed: GradientTests.seed,
        gradient: gradient)
    }
    let fixed = try run(nil)
    let low = try run(AdaptiveThresholds())
    var sure = AdaptiveThresholds()
    sure.update(with: terms(1, [0.5, 0.5]), decay: 0)
    let high = try run(sure)
    #expect(fixed.confident == 0.5 && low.confident == 1 && high.confident == 0)
    #expect(high.pseudoLabel == 0 && low.pseudoLabel > fixed.pseudoLabel)
    for terms in [low, high] {
      #expect(terms.weakConfidence == fixed.weakConfidence)
      #expect(terms.weakProbabilities == fixed.weakProbabilities)
    }
    #expect(abs(fixed.weakProbabilities.sum() - 1) < 1e-12)
    #expect(fixed.weakConfidence > 0.5 && fixed.weakConfidence < 1)
  }
}
