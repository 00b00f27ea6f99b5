extension Collection<Double> where Index == Int {
  /// The quantile of sorted values, interpolated linearly between neighbours as `numpy.quantile` does by default.
  /// - Parameter share: 0 ... 1.
  /// - Precondition: not empty.
  package func quantile(ofSorted share: Double) -> Double {
    precondition(!isEmpty && (0...1).contains(share))
    let place = Double(count - 1) * share
    let below = Int(place)
    let lower = self[startIndex + below]
    guard below + 1 < count else { return lower }
    return lower + (self[startIndex + below + 1] - lower) * (place - Double(below))
  }
}
