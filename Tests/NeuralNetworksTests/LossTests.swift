import Foundation
import NeuralNetworks
import Testing

/// Losses against values worked by hand, and their gradients against central differences in float64.
@Suite struct LossTests {
  /// Logits whose softmax or sigmoid are simple: softmax(0, ln 3) = (1/4, 3/4), sigmoid(ln 3) = 3/4.
  let ln3 = Foundation.log(3.0)

  @Test func crossEntropyByHand() {
    let loss = crossEntropy([0, ln3], label: 0)
    #expect(abs(loss.value - Foundation.log(4)) < 1e-15)
    #expect(close(loss.gradient, [-0.75, 0.75]))
    #expect(abs(crossEntropy([0, ln3], label: 1).value - Foundation.log(4 / 3.0)) < 1e-15)
    #expect(abs(crossEntropy([7, 7, 7, 7], label: 2).value - Foundation.log(4)) < 1e-15)
    #expect(close(softmax([5, 5 + ln3]), [0.25, 0.75]))
  }

  @Test func diceByHand() {
    // p = 1/2 everywhere, overlap 3/2, total 2 + 3: 1 - (3 + 1) / (5 + 1).
    let loss = diceLoss([0, 0, 0, 0], target: [1, 0, 1, 1])
    #expect(abs(loss.value - 1 / 3.0) < 1e-15)
    // d/dp = -2 t / 6 + 4 / 36, times p (1 - p) = 1/4.
    let expected: [Double] = [-2, 1, -2, -2]
    #expect(close(loss.gradient, expected.map { $0 / 36 }))
    // Smoothing: an empty mask answered by nothing is no loss.
    #expect(
      abs(diceLoss([Double](repeating: -40, count: 9), target: [Double](repeating: 0, count: 9)).value)
        < 1e-15)
  }

  @Test func klByHand() {
    let kl = bernoulliKL([ln3, 0], [0, 0])
    let first = 0.75 * Foundation.log(1.5) + 0.25 * Foundation.log(0.5)
    #expect(abs(kl.value - first / 2) < 1e-15)
    // d/dlogit p = (ln(p/q) - ln((1-p)/(1-q))) p (1 - p); d/dlogit q = q - p; both over two pixels.
    #expect(close(kl.pGradient, [ln3 * 0.1875 / 2, 0]))
    #expect(close(kl.qGradient, [-0.125, 0]))
  }

  /// The threshold is that of the most probable class, and reaching it is enough.
  @Test func pseudoLabelByHand() {
    #expect(pseudoLabel([0.25, 0.75], thresholds: [0.75, 0.75]) == 1)
    #expect(pseudoLabel([0.75, 0.25], thresholds: [0.75, 0.99]) == 0)
    #expect(pseudoLabel([0.25, 0.75], thresholds: [0.1, 0.7501]) == nil)
    #expect(pseudoLabel([Float(0.7), 0.3], thresholds: [0.7, 0.7]) == nil)  // 0.7 in float32 is less than 0.7
  }

  /// The teacher says lung, no lung, unsure, lung at 3/4, 1/10, 0.6 and 3/4; the student 3/4, 3/4, 1/2 and 1/2.
  @Test func confidentCrossEntropyByHand() {
    let teacher = [ln3, -Foundation.log(9.0), Foundation.log(1.5), ln3]
    let (loss, confident) = confidentCrossEntropy(
      [ln3, ln3, 0, 0], teacher: teacher, confidence: 0.75 - 1e-12)
    #expect(confident == 0.75)
    let expected = Foundation.log(4 / 3.0) + Foundation.log(4) + Foundation.log(2)
    #expect(abs(loss.value - expected / 4) < 1e-15)
    #expect(close(loss.gradient, [-0.0625, 0.1875, 0, -0.125]))
    let unsure = confidentCrossEntropy([1, 2, 3, 4], teacher: teacher, confidence: 0.95)
    #expect(unsure.confident == 0 && unsure.loss.value == 0 && unsure.loss.gradient == [0, 0, 0, 0])
  }

  @Test func gradientsByCentralDifferences() {
    let logits = (0..<12).map { 3 * sin(Double($0 * $0)) }
    let others = (0..<12).map { 2 * cos(Double($0 * 3)) }
    let target = (0..<12).map { $0 % 5 == 0 ? 0.5 : Double($0 % 2) }
    check(crossEntropy(logits, label: 4).gradient, at: logits) { crossEntropy($0, label: 4).value }
    check(diceLoss(logits, target: target).gradient, at: logits) { diceLoss($0, target: target).value }
    check(binaryCrossEntropy(logits, target: target).gradient, at: logits) {
      binaryCrossEntropy($0, target: target).value
    }
    check(bernoulliKL(logits, others).pGradient, at: logits) { bernoulliKL($0, others).value }
    check(bernoulliKL(logits, others).qGradient, at: others) { bernoulliKL(logits, $0).value }
    check(confidentCrossEntropy(logits, teacher: others, confidence: 0.7).loss.gradient, at: logits) {
      confidentCrossEntropy($0, teacher: others, confidence: 0.7).loss.value
    }
  }

  /// Far out, losses stay finite, and where the probabilities are clamped the KL has no gradient.
  @Test func extremeLogits() {
    let far: [Float] = [-500, 500, 500, -500]
    let kl = bernoulliKL(far, far.map { -$0 })
    // Every pixel is sure of the opposite: ln(1e6) but for the clamp's own 1e-6.
    #expect(abs(kl.value - Foundation.log(1e6)) < 0.05)
    #expect(kl.pGradient == [0, 0, 0, 0] && kl.qGradient == [0, 0, 0, 0])
    #expect(crossEntropy([Float(-500), 500], label: 0).value == 1000)
    #expect(crossEntropy([Float(-500), 500], label: 0).gradient == [-1, 1])
    let dice = diceLoss(far, target: [1, 0, 0, 1])
    #expect(abs(dice.value - 0.8) < 1e-6 && dice.gradient.allSatisfy { $0 == 0 })
    #expect(sigmoid(far) == [0, 1, 1, 0])
    let pixels = binaryCrossEntropy(far, target: [1, 1, 0, 0])
    #expect(pixels.value == 250 && pixels.gradient == [-0.25, 0, 0.25, 0])
    let wrong = confidentCrossEntropy(far, teacher: far.map { -$0 }, confidence: 0.95)
    #expect(wrong.loss.value == 500 && wrong.loss.gradient == [-0.25, 0.25, 0.25, -0.25])
    #expect(confidentCrossEntropy(far, teacher: far, confidence: 0.95).loss.value == 0)
    // A teacher that isn't a number isn't one that isn't sure.
    #expect(confidentCrossEntropy(far, teacher: [.nan, 0, 0, 0], confidence: 0.95).loss.value.isNaN)
  }

  @Test func floatFollowsDouble() {
    let logits = (0..<4096).map { 8 * sin(Double($0 * $0)) }
    let others = (0..<4096).map { 8 * cos(Double($0 * 3)) }
    let target = (0..<4096).map { Double($0 % 2) }
    let single = logits.map { Float($0) }
    let dice = diceLoss(single, target: target.map { Float($0) })
    #expect(abs(dice.value - diceLoss(logits, target: target).value) < 1e-6)
    let kl = bernoulliKL(single, others.map { Float($0) })
    #expect(abs(kl.value - bernoulliKL(logits, others).value) < 1e-4 * kl.value)
    let (sure, part) = confidentCrossEntropy(single, teacher: others.map { Float($0) }, confidence: 0.9)
    let double = confidentCrossEntropy(logits, teacher: others, confidence: 0.9)
    #expect(part == double.confident && part > 0.1 && part < 0.9)
    #expect(abs(sure.value - double.loss.value) < 1e-6 * sure.value)
  }

  private func check(_ gradient: [Double], at x: [Double], _ loss: ([Double]) -> Double) {
    for i in x.indices {
      var (up, down) = (x, x)
      up[i] += 1e-5
      down[i] -= 1e-5
      #expect(abs((loss(up) - loss(down)) / 2e-5 - gradient[i]) < 1e-9, "element \(i)")
    }
    #expect(gradient.contains { abs($0) > 1e-3 })
  }

  private func close(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-15 }
  }
}
