public import Tensors

/// A loss of one sample and its gradient by the logits.
public struct Loss<Element: Scalar>: Sendable {
  public let value: Double
  public let gradient: [Element]
}

/// A loss of two samples' logits, p and q, and its gradients by either.
public struct PairLoss<Element: Scalar>: Sendable {
  public let value: Double
  public let pGradient, qGradient: [Element]
}

/// softmax(logits).
@specialized(where Element == Float)
public func softmax<Element: Scalar>(_ logits: [Element]) -> [Element] {
  let largest = logits.max() ?? 0
  let powers = logits.map { Element.exp($0 - largest) }
  let sum = powers.reduce(0, +)
  return powers.map { $0 / sum }
}

/// -log softmax(logits)[label].
public func crossEntropy<Element: Scalar>(_ logits: [Element], label: Int) -> Loss<Element> {
  var gradient = softmax(logits)
  let largest = logits.max() ?? 0
  let logSum = Element.log(logits.reduce(0) { $0 + Element.exp($1 - largest) })
  gradient[label] -= 1
  return Loss(value: Double(logSum - (logits[label] - largest)), gradient: gradient)
}

/// FixMatch's pseudo-label: the most probable class, where its probability reaches that class's threshold (the
/// paper's tau); otherwise nil.
public func pseudoLabel<Element: Scalar>(_ probabilities: [Element], thresholds: [Double]) -> Int? {
  precondition(probabilities.count == thresholds.count)
  var label = 0
  for i in probabilities.indices where probabilities[i] > probabilities[label] { label = i }
  return Double(probabilities[label]) >= thresholds[label] ? label : nil
}

/// 1 / (1 + e^-x) for every logit.
@specialized(where Element == Float)
public func sigmoid<Element: Scalar>(_ logits: [Element]) -> [Element] {
  logits.map { 1 / (1 + Element.exp(-$0)) }
}

/// 1 - (2 sum(p t) + 1) / (sum(p) + sum(t) + 1), with p = sigmoid(logits), over one image.
@specialized(where Element == Float)
public func diceLoss<Element: Scalar>(_ logits: [Element], target: [Element]) -> Loss<Element> {
  precondition(logits.count == target.count)
  let p = sigmoid(logits)
  var overlap = 0.0
  var total = 0.0
  for i in p.indices {
    overlap += Double(p[i] * target[i])
    total += Double(p[i] + target[i])
  }
  let numerator = 2 * overlap + 1
  let denominator = total + 1
  // d/dp = -2 t / denominator + numerator / denominator^2, then times p (1 - p).
  let scale = Element(-2 / denominator)
  let shift = Element(numerator / (denominator * denominator))
  var gradient = p
  for i in p.indices { gradient[i] = (scale * target[i] + shift) * p[i] * (1 - p[i]) }
  return Loss(value: 1 - numerator / denominator, gradient: gradient)
}

/// The mean over pixels of -t log p - (1 - t) log(1 - p), with p = sigmoid(logits) and t the target, 0 ... 1.
@specialized(where Element == Float)
public func binaryCrossEntropy<Element: Scalar>(_ logits: [Element], target: [Element]) -> Loss<Element> {
  precondition(logits.count == target.count)
  let n = Element(logits.count)
  var gradient = sigmoid(logits)
  var sum = 0.0
  for i in logits.indices {
    // max(x, 0) - t x + log(1 + e^-|x|), which doesn't overflow.
    let x = logits[i]
    sum += Double(max(x, 0) - target[i] * x + Element.log(1 + Element.exp(-abs(x))))
    gradient[i] = (gradient[i] - target[i]) / n
  }
  return Loss(value: sum / Double(logits.count), gradient: gradient)
}

/// The mean over pixels of KL(Bernoulli(p) || Bernoulli(q)), p and q the sigmoids of two sets of logits,
/// clamped to 1e-6 ... 1 - 1e-6 (no gradient outside). Source: the paper's consistency term as its text
/// states it; its published code applies a softmax to one channel, which makes the term zero.
@specialized(where Element == Float)
public func bernoulliKL<Element: Scalar>(
  _ pLogits: [Element], _ qLogits: [Element]
) -> PairLoss<Element> {
  precondition(pLogits.count == qLogits.count)
  let low: Element = 1e-6
  let high = 1 - low
  var p = sigmoid(pLogits)
  var q = sigmoid(qLogits)
  var sum = 0.0
  let n = Element(p.count)
  for i in p.indices {
    let a = min(max(p[i], low), high)
    let b = min(max(q[i], low), high)
    let logRatio = Element.log(a / b)
    let logComplement = Element.log((1 - a) / (1 - b))
    sum += Double(a * logRatio + (1 - a) * logComplement)
    // d/da = log(a/b) - log((1-a)/(1-b)); d/db = (b - a) / (b (1 - b)); each times the sigmoid's slope.
    p[i] = p[i] == a ? (logRatio - logComplement) * a * (1 - a) / n : 0
    q[i] = q[i] == b ? (b - a) / n : 0
  }
  return PairLoss(value: sum / Double(pLogits.count), pGradient: p, qGradient: q)
}

/// Cross-entropy of masks where a teacher is sure: -log sigmoid of the logit, or of its negative, as the teacher's
/// logit says, at the pixels where the teacher gives that a probability of at least `confidence` (1/2 ..< 1); the
/// others count as zero in the mean over all pixels. No gradient by the teacher.
/// - Returns: the loss, and the fraction of pixels that counted.
@specialized(where Element == Float)
public func confidentCrossEntropy<Element: Scalar>(
  _ logits: [Element], teacher: [Element], confidence: Double
) -> (loss: Loss<Element>, confident: Double) {
  precondition(logits.count == teacher.count && (0.5..<1).contains(confidence))
  let limit = Element(Double.log(confidence / (1 - confidence)))
  let n = Element(logits.count)
  var gradient = [Element](repeating: 0, count: logits.count)
  var sum = 0.0
  var count = 0
  // A teacher that isn't a number is no teacher that isn't sure: it shows in the loss.
  for i in logits.indices where !(abs(teacher[i]) < limit) {
    // The logit of being right, x: the loss is log(1 + e^-x).
    let sign: Element = teacher[i] > 0 ? 1 : -1
    let x = sign * logits[i]
    let decay = Element.exp(-abs(x))
    sum += teacher[i].isNaN ? .nan : Double(max(-x, 0) + Element.log(1 + decay))
    gradient[i] = -sign * (x > 0 ? decay : 1) / (1 + decay) / n
    count += 1
  }
  return (Loss(value: sum / Double(logits.count), gradient: gradient), Double(count) / Double(logits.count))
}
