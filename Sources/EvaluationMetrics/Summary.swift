/// Mean and spread of a few values, such as one for each seed.
package struct Summary: Sendable, Equatable {
  package let n: Int
  package let mean: Double
  /// The sample's standard deviation (n - 1); nil for one value.
  package let deviation: Double?

  /// - Precondition: not empty.
  package init(_ values: [Double]) {
    precondition(!values.isEmpty)
    n = values.count
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    deviation =
      values.count > 1
      ? (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot() : nil
  }
}
