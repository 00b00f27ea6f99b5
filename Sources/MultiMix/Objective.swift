/// The weights and choices of the training objective; ``BatchObjective`` computes it.
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

  /// Which consistency term is at work, if any: with the published one, or without weight, there is none.
  public var activeConsistency: Consistency? {
    consistency > 0 && consistencyKind != .published ? consistencyKind : nil
  }
}
