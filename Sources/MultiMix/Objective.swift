internal import NeuralNetworks

/// The weights and choices of the training objective:
/// CE(labelled) + 5 Dice(labelled masks) + 0.25 mean(1[max softmax(weak) >= tau] CE(strong, argmax weak))
/// + 0.01 KL(labelled segmentation, unlabelled segmentation).
public struct Objective: Sendable, Equatable, Codable {
  public var classification = 1.0
  public var segmentation = 5.0
  /// Weight of the labelled masks' cross-entropy per pixel beside their Dice loss. Zero in the paper; with it small
  /// regions count, and logits say how sure they are.
  public var maskCrossEntropy = 0.0
  /// The pseudo-label term's weight (the paper's lambda) and confidence threshold (its tau).
  public var pseudoLabel = 0.25
  public var tau = 0.7
  /// Whether tau stands for every class and step.
  public var threshold = Threshold.fixed
  /// Of the moving averages that class-wise thresholds are made from. FreeMatch takes 0.999 over a million steps;
  /// thousands are to be had here.
  public var thresholdDecay = 0.99
  /// The consistency term's weight (the paper's beta).
  public var consistency = 0.01
  public var consistencyKind = Consistency.bernoulliKL
  /// The teacher's probability of lung, or of no lung, from which a pixel counts in the weak-to-strong term.
  public var maskConfidence = 0.95
  public var dropout = 0.25
  /// Whether the decoder sees the saliency; without it the bridge's second channel is zero.
  public var saliencyBridge = true

  public enum Threshold: String, Sendable, Codable {
    case fixed
    /// ``AdaptiveThresholds``; tau has no part in them.
    case classWise
  }

  public enum Consistency: String, Sendable, Codable, CaseIterable {
    /// KL between the pixels' Bernoulli distributions, as the paper's text has it.
    case bernoulliKL
    /// The published code's: a softmax over one channel, which is one everywhere, so the term is zero.
    case published
    /// Cross-entropy of a strong view against what the network, or the moving average of its weights where there is
    /// one, is sure of in a weak view. A larger term than the KL: its weight belongs near that of the segmentation.
    case weakToStrong
  }

  public init() {}

  var isWeakToStrong: Bool { consistencyKind == .weakToStrong && consistency > 0 }
}

/// The terms of the objective over one batch, unweighted, and their weighted sum.
public struct LossTerms: Sendable, Equatable, Codable {
  public var classification = 0.0
  public var segmentation = 0.0
  public var maskCrossEntropy = 0.0
  public var pseudoLabel = 0.0
  public var consistency = 0.0
  public var total = 0.0
  /// The fraction of unlabelled images whose weak view reached its threshold.
  public var confident = 0.0
  /// Over the weak views of unlabelled images, the means of the largest probability and of each class's.
  public var weakConfidence = 0.0
  public var weakProbabilities = SIMD2<Double>.zero
  /// The fraction of pixels that the teacher of the weak-to-strong term was sure of.
  public var confidentPixels = 0.0

  public init() {}

  /// Whether the losses, and the probabilities that pseudo-labels are taken from, are numbers.
  public var isFinite: Bool { total.isFinite && weakProbabilities.sum().isFinite && consistency.isFinite }

  static func += (sum: inout LossTerms, other: LossTerms) {
    sum.classification += other.classification
    sum.segmentation += other.segmentation
    sum.maskCrossEntropy += other.maskCrossEntropy
    sum.pseudoLabel += other.pseudoLabel
    sum.consistency += other.consistency
    sum.total += other.total
    sum.confident += other.confident
    sum.weakConfidence += other.weakConfidence
    sum.weakProbabilities += other.weakProbabilities
    sum.confidentPixels += other.confidentPixels
  }
}
