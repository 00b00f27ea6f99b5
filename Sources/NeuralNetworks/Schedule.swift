internal import Foundation

/// A learning rate for every step of a training.
public enum Schedule: Sendable, Equatable, Codable {
  /// The paper's: the rate falls by `factor` every `every` steps.
  case stepDecay(factor: Double, every: Int)
  /// A linear warm-up over `warmup` steps, then half a cosine down to zero at the last step.
  case cosine(warmup: Int)
  case constant

  /// - Parameters:
  ///   - step: from 0.
  ///   - total: steps of the whole training.
  public func rate(_ base: Double, step: Int, of total: Int) -> Double {
    switch self {
    case .constant: return base
    case .stepDecay(let factor, let every): return base * pow(factor, Double(step / max(1, every)))
    case .cosine(let warmup):
      if step < warmup { return base * Double(step + 1) / Double(warmup) }
      let progress = Double(step - warmup) / Double(max(1, total - warmup))
      return base * 0.5 * (1 + cos(Double.pi * min(1, progress)))
    }
  }
}
