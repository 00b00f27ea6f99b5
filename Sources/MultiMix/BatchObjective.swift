internal import NeuralNetworks
internal import Tensors

/// The objective over one batch:
///
///     L =   1    mean CE(finding)                                              labelled images
///       +   5    mean Dice(mask)  (+ w mean CE(mask, pixel by pixel))          images with a lung mask
///       +   0.25 mean 1[max softmax(weak) >= tau] CE(strong, argmax weak)      images without a finding
///       +   0.01 mean KL(mask || mask of an unlabelled image)                  pairs, or
///                mean CE(strong, weak) where the teacher is sure of weak       images without a mask
///
/// Each term stands here once: its weight and its count (`init`), its value and its gradient (a function a line of
/// the formula). Means are over the batch's images, which add to them one by one, in any lane; the gradients that the
/// functions return are those of the whole objective, weight and mean included.
struct BatchObjective: Sendable {
  let findings, masks, maskPixels, pseudoLabels, consistency: Term
  let kind: Objective.Consistency?
  /// What the weak view's probability must reach, by class.
  let thresholds: [Double]
  let maskConfidence, dropout: Double

  init<Element>(_ objective: Objective, _ batch: Batch<Element>, thresholds: AdaptiveThresholds?) {
    let (masked, unmasked) = (batch.segmentation.count, batch.segmentationUnlabelled.count)
    kind = objective.activeConsistency
    findings = Term(objective.classification, \.classification, over: batch.classification.count)
    masks = Term(objective.segmentation, \.segmentation, over: masked)
    maskPixels = Term(objective.maskCrossEntropy, \.maskCrossEntropy, over: masked)
    pseudoLabels = Term(objective.pseudoLabel, \.pseudoLabel, over: batch.unlabelled.count)
    consistency = Term(
      objective.consistency, \.consistency, over: kind == .bernoulliKL ? min(masked, unmasked) : unmasked)
    let values = thresholds?.values ?? SIMD2(repeating: objective.tau)
    self.thresholds = [values[0], values[1]]
    maskConfidence = objective.maskConfidence
    dropout = objective.dropout
  }

  /// L, from the means of the whole batch.
  func total(_ means: LossValues) -> Double {
    [findings, masks, maskPixels, pseudoLabels, consistency].reduce(0) {
      $0 + $1.weight * means[keyPath: $1.mean]
    }
  }

  /// CE(finding): the class scores' gradient.
  func finding<Element: Scalar>(_ scores: [Element], label: Int, _ means: inout LossValues) -> [Element] {
    let loss = crossEntropy(scores, label: label)
    return scaled(loss.gradient, by: findings.add(loss.value, to: &means))
  }

  /// Dice(mask) + CE(mask): the mask logits' gradient.
  func mask<Element: Scalar>(_ logits: [Element], target: [Element], _ means: inout LossValues) -> [Element] {
    let dice = diceLoss(logits, target: target)
    let gradient = scaled(dice.gradient, by: masks.add(dice.value, to: &means))
    guard maskPixels.weight > 0 else { return gradient }
    let pixels = binaryCrossEntropy(logits, target: target)
    return sum(gradient, pixels.gradient, times: maskPixels.add(pixels.value, to: &means))
  }

  /// What the weak view's scores call the image; nil where they aren't sure enough.
  func pseudoLabel<Element: Scalar>(_ weakScores: [Element], _ means: inout LossValues) -> Int? {
    let weak = softmax(weakScores)
    let share = 1 / Double(pseudoLabels.count)
    let probabilities = SIMD2(Double(weak[0]), Double(weak[1])) * share
    means.weakProbabilities += probabilities
    means.weakConfidence += probabilities.max()
    let label = NeuralNetworks.pseudoLabel(weak, thresholds: thresholds)
    if label != nil { means.confident += share }
    return label
  }

  /// CE(strong, argmax weak): the strong view's scores' gradient.
  func strongView<Element: Scalar>(_ scores: [Element], pseudoLabel: Int, _ means: inout LossValues)
    -> [Element]
  {
    let loss = crossEntropy(scores, label: pseudoLabel)
    return scaled(loss.gradient, by: pseudoLabels.add(loss.value, to: &means))
  }

  /// KL(p || q) of an image with a mask and one without: the gradients of either's mask logits, p's with `others`,
  /// which its mask gave.
  func agreement<Element: Scalar>(
    _ p: [Element], _ q: [Element], adding others: [Element], _ means: inout LossValues
  ) -> PairGradient<Element> {
    let loss = bernoulliKL(p, q)
    let factor = consistency.add(loss.value, to: &means)
    return PairGradient(
      p: sum(others, loss.pGradient, times: factor), q: scaled(loss.qGradient, by: factor))
  }

  /// Gradients by the mask logits of an image with a mask and of one without.
  struct PairGradient<Element: Scalar> {
    let p, q: [Element]
  }

  /// CE(strong, weak) where the teacher is sure: the strong view's mask logits' gradient; nil where it is sure of
  /// nothing.
  func strongView<Element: Scalar>(_ logits: [Element], teacher: [Element], _ means: inout LossValues)
    -> [Element]?
  {
    let (loss, confident) = confidentCrossEntropy(logits, teacher: teacher, confidence: maskConfidence)
    let factor = consistency.add(loss.value, to: &means)
    means.confidentPixels += confident / Double(consistency.count)
    return confident > 0 ? scaled(loss.gradient, by: factor) : nil
  }

  /// One term: a weight, and a mean over so many of the batch's images or pairs.
  struct Term: Sendable {
    let weight: Double
    let mean: any WritableKeyPath<LossValues, Double> & Sendable
    let count: Int

    init(_ weight: Double, _ mean: any WritableKeyPath<LossValues, Double> & Sendable, over count: Int) {
      (self.weight, self.mean, self.count) = (weight, mean, count)
    }

    /// An image's loss joins the mean. Returns what its gradient counts in L.
    func add(_ loss: Double, to means: inout LossValues) -> Double {
      means[keyPath: mean] += loss / Double(count)
      return weight / Double(count)
    }
  }
}

@specialized(where Element == Float)
private func scaled<Element: Scalar>(_ values: [Element], by factor: Double) -> [Element] {
  let factor = Element(factor)
  return values.map { $0 * factor }
}

/// a + factor b.
@specialized(where Element == Float)
private func sum<Element: Scalar>(_ a: [Element], _ b: [Element], times factor: Double) -> [Element] {
  precondition(a.count == b.count)
  let factor = Element(factor)
  var sum = a
  for i in sum.indices { sum[i] += b[i] * factor }
  return sum
}
