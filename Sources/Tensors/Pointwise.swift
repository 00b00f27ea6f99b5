internal import CKernels

/// Inverted dropout. Which elements are dropped is a hash of the seed and the element's index, so the mask
/// takes no memory and is the same in the backward pass.
public struct Dropout: Sendable, Equatable {
  public let seed: UInt32
  let threshold: UInt32
  let scale: Double

  /// - Parameter rate: the probability that an element is dropped, 0 ..< 1.
  public init(rate: Double, seed: UInt32) {
    precondition(rate >= 0 && rate < 1)
    self.seed = seed
    threshold = UInt32(rate * 4_294_967_296)
    scale = 1 / (1 - rate)
  }

  /// Keeps everything.
  public static let none = Dropout(rate: 0, seed: 0)
  public var isNone: Bool { threshold == 0 }

  var c: ck_dropout { ck_dropout(seed: seed, threshold: threshold, scale: scale) }
}

/// Which of the four elements each maximum came from.
@safe public final class PoolingChoice: @unchecked Sendable {
  // Invariant: as `Memory`: one thread at a time.
  let base: UnsafeMutablePointer<UInt8>
  let count: Int
  public init(height: Int, width: Int, channels: Int) {
    count = height * width * channels
    unsafe base = .allocate(capacity: max(1, count))
    unsafe base.initialize(repeating: 0, count: count)
  }
  deinit { unsafe base.deallocate() }
}

extension FeatureMap {
  /// a = dropout(leakyReLU(instanceNorm(y))): this map is y, with its statistics.
  public func normalize(
    _ statistics: InstanceStatistics<Element>, slope: Double, dropout: Dropout, into a: FeatureMap,
    on workers: Workers
  ) {
    precondition(a.channels == channels && a.height == height && a.width == width)
    precondition(statistics.mean.count == channels)
    unsafe Element.kernels.table.pointee.normalize(
      workers.team, c, statistics.mean.base, statistics.rstd.base, slope, dropout.c, a.c)
  }

  /// The 2x2 maximum, stride 2, of what ``normalize(_:slope:dropout:into:on:)`` makes, and that itself where `a` is
  /// given.
  public func normalizePool(
    _ statistics: InstanceStatistics<Element>, slope: Double, dropout: Dropout, into a: FeatureMap?,
    pooled: FeatureMap, choice: PoolingChoice, on workers: Workers
  ) {
    precondition(a.map { $0.channels == channels && $0.height == height && $0.width == width } ?? true)
    precondition(pooled.channels == channels && pooled.height == height / 2 && pooled.width == width / 2)
    precondition(choice.count == pooled.height * pooled.width * channels)
    precondition(statistics.mean.count == channels && hasWholeVectors)
    let normalize = unsafe Element.kernels.table.pointee.normalize_pool
    let (mean, rstd) = unsafe (statistics.mean.base, statistics.rstd.base)
    if let a {
      var kept = unsafe a.c
      unsafe normalize(workers.team, c, mean, rstd, slope, dropout.c, &kept, pooled.c, choice.base)
    } else {
      unsafe normalize(workers.team, c, mean, rstd, slope, dropout.c, nil, pooled.c, choice.base)
    }
  }

  /// The gradient of `normalize`: turns the gradient of a, in `gradient`, into that of y, in place.
  public func normalizeGradient(
    _ statistics: InstanceStatistics<Element>, slope: Double, dropout: Dropout, gradient: FeatureMap,
    on workers: Workers
  ) {
    precondition(gradient.channels == channels && gradient.height == height && gradient.width == width)
    precondition(statistics.mean.count == channels)
    unsafe Element.kernels.table.pointee.normalize_gradient(
      workers.team, c, statistics.mean.base, statistics.rstd.base, slope, dropout.c, gradient.c, gradient.c)
  }

  /// The gradient of ``normalizePool(_:slope:dropout:into:pooled:choice:on:)`` without dropout, whose `pooled` alone was
  /// read: from the gradient of that the one of this map, into `dy`.
  public func normalizePoolGradient(
    _ statistics: InstanceStatistics<Element>, slope: Double, pooled: FeatureMap, choice: PoolingChoice,
    gradient: FeatureMap, into dy: FeatureMap, on workers: Workers
  ) {
    precondition(dy.channels == channels && dy.height == height && dy.width == width)
    precondition(pooled.channels == channels && pooled.height == height / 2 && pooled.width == width / 2)
    precondition(
      gradient.channels == channels && gradient.height == pooled.height && gradient.width == pooled.width)
    precondition(choice.count == pooled.height * pooled.width * channels)
    precondition(statistics.mean.count == channels && hasWholeVectors)
    unsafe Element.kernels.table.pointee.normalize_pool_gradient(
      workers.team, c, statistics.mean.base, statistics.rstd.base, slope, pooled.c, choice.base, gradient.c,
      dy.c)
  }

  /// 2x2 maximum, stride 2.
  public func maxPool(into y: FeatureMap, choice: PoolingChoice, on workers: Workers) {
    precondition(y.channels == channels && y.height == height / 2 && y.width == width / 2)
    precondition(choice.count == y.height * y.width * y.channels && hasWholeVectors)
    unsafe Element.kernels.table.pointee.max_pool(workers.team, c, y.c, choice.base)
  }

  /// dx = skip + this map's values (the gradient of the maxima) at the chosen places.
  public func maxPoolGradient(
    choice: PoolingChoice, adding skip: FeatureMap?, into dx: FeatureMap, on workers: Workers
  ) {
    precondition(dx.channels == channels && dx.height / 2 == height && dx.width / 2 == width)
    precondition(choice.count == height * width * channels)
    let gradient = unsafe Element.kernels.table.pointee.max_pool_gradient
    if let skip {
      precondition(skip.channels == channels && skip.height == dx.height && skip.width == dx.width)
      var skipped = unsafe skip.c
      unsafe gradient(workers.team, c, choice.base, &skipped, dx.c)
    } else {
      unsafe gradient(workers.team, c, choice.base, nil, dx.c)
    }
  }

  /// Bilinear interpolation with aligned corners to the size of `y`.
  public func upsample(into y: FeatureMap, on workers: Workers) {
    precondition(y.channels == channels && hasWholeVectors)
    unsafe Element.kernels.table.pointee.upsample(workers.team, c, y.c)
  }

  /// Its adjoint: this map is the gradient of the interpolated values.
  public func upsampleGradient(into dx: FeatureMap, on workers: Workers) {
    precondition(dx.channels == channels && hasWholeVectors)
    unsafe Element.kernels.table.pointee.upsample_gradient(workers.team, c, dx.c)
  }
}
