internal import Foundation

/// McNemar's exact test (McNemar 1947): whether two readers of the same images differ more often in favour of one
/// of them than a fair coin would. Images on which both are right, or both wrong, say nothing about that.
/// Images count as independent; those of one patient aren't, so that p tends to be too small where patients have several.
public struct McNemar: Sendable, Equatable {
  /// Images that only the first reader, and only the second, calls right.
  public let onlyFirst, onlySecond: Int

  public init(onlyFirst: Int, onlySecond: Int) {
    precondition(onlyFirst >= 0 && onlySecond >= 0)
    (self.onlyFirst, self.onlySecond) = (onlyFirst, onlySecond)
  }

  /// - Parameters:
  ///   - first: whether the first reader is right, image by image.
  ///   - second: the same of the second.
  public init(first: [Bool], second: [Bool]) {
    precondition(first.count == second.count)
    self.init(
      onlyFirst: zip(first, second).count { $0 && !$1 }, onlySecond: zip(first, second).count { !$0 && $1 })
  }

  /// Two-sided: the probability of a split as uneven as this one, or more so, by chance (the binomial test of one
  /// half, as `scipy.stats.binomtest`); 1 where the readers never differ.
  public var pValue: Double {
    let n = onlyFirst + onlySecond
    // log of C(n, k) / 2^n, from k = 0 on: the terms themselves would underflow.
    var logTerm = -Double(n) * log(2.0)
    var tail = exp(logTerm)
    for k in 0..<min(onlyFirst, onlySecond) {
      logTerm += log(Double(n - k) / Double(k + 1))
      tail += exp(logTerm)
    }
    return min(1, 2 * tail)
  }
}
