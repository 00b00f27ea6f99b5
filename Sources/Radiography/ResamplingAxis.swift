/// Antialiased resampling of one axis: for every output sample a run of input samples and their weights.
///
/// The kernel is stretched by the reduction factor where the axis shrinks, so that every input sample counts,
/// and has its own width where the axis grows; weights are normalised at the edges. With `triangle` this is
/// Pillow's BILINEAR.
package struct ResamplingAxis: Sendable {
  package enum Kernel: Sendable {
    /// Linear interpolation.
    case triangle
    /// Cubic interpolation with a = -0.5 (Catmull-Rom).
    case cubic
    /// Exact area coverage: each output sample is the mean of the input interval that it covers.
    case area

    var support: Double {
      switch self {
      case .triangle: 1
      case .cubic: 2
      case .area: 0.5
      }
    }

    package func callAsFunction(_ distance: Double) -> Double {
      let x = abs(distance)
      switch self {
      case .triangle: return max(0, 1 - x)
      case .cubic:
        if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
        return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
      case .area: return x <= 0.5 ? 1 : 0
      }
    }
  }

  package let inputCount: Int
  package let outputCount: Int
  /// First input sample of each output sample.
  let starts: [Int]
  /// Number of input samples of each output sample.
  let counts: [Int]
  /// Where each output sample's weights begin in `weights`.
  let offsets: [Int]
  let weights: [Float]

  package init(from inputCount: Int, to outputCount: Int, kernel: Kernel = .triangle) {
    self.inputCount = inputCount
    self.outputCount = outputCount
    let scale = Double(inputCount) / Double(outputCount)
    var starts: [Int] = []
    var counts: [Int] = []
    var offsets: [Int] = []
    var weights: [Float] = []
    for output in 0..<outputCount {
      let (start, run) =
        kernel == .area
        ? Self.coverage(of: output, scale: scale, inputCount: inputCount)
        : Self.samples(of: output, scale: scale, inputCount: inputCount, kernel: kernel)
      let sum = run.reduce(0, +)
      starts.append(start)
      counts.append(run.count)
      offsets.append(weights.count)
      weights.append(contentsOf: run.map { Float($0 / sum) })
    }
    self.starts = starts
    self.counts = counts
    self.offsets = offsets
    self.weights = weights
  }

  private static func samples(
    of output: Int, scale: Double, inputCount: Int, kernel: Kernel
  ) -> (start: Int, weights: [Double]) {
    let stretch = max(scale, 1)
    let support = kernel.support * stretch
    let center = (Double(output) + 0.5) * scale
    let first = max(0, Int(center - support + 0.5))
    let end = min(inputCount, Int(center + support + 0.5))
    return (first, (first..<end).map { kernel((Double($0) - center + 0.5) / stretch) })
  }

  private static func coverage(
    of output: Int, scale: Double, inputCount: Int
  ) -> (start: Int, weights: [Double]) {
    let low = Double(output) * scale
    let high = Double(output + 1) * scale
    let first = min(Int(low), inputCount - 1)
    let end = min(inputCount, max(first + 1, Int(high.rounded(.up))))
    return (first, (first..<end).map { max(0, min(high, Double($0 + 1)) - max(low, Double($0))) })
  }
}

/// Resamples the part `box` of a row-major matrix of width `stride` to the axes' output counts.
///
/// Rows are combined first: that pass runs along contiguous memory and reads every input sample once or twice;
/// the second pass then has few rows left.
package func resample(
  _ values: [Float], stride: Int, box: PixelBox, rows: ResamplingAxis, columns: ResamplingAxis
) -> [Float] {
  precondition(rows.inputCount == box.rows && columns.inputCount == box.columns)
  var result = [Float](repeating: 0, count: rows.outputCount * columns.outputCount)
  var line = [Float](repeating: 0, count: box.columns)
  let lineCount = box.columns
  unsafe values.withUnsafeBufferPointer { input in
    unsafe result.withUnsafeMutableBufferPointer { output in
      unsafe line.withUnsafeMutableBufferPointer { line in
        for row in 0..<rows.outputCount {
          for column in 0..<lineCount { unsafe line[column] = 0 }
          for tap in 0..<rows.counts[row] {
            let weight = rows.weights[rows.offsets[row] + tap]
            let base = (box.row + rows.starts[row] + tap) * stride + box.column
            for column in 0..<lineCount { unsafe line[column] += weight * input[base + column] }
          }
          let target = row * columns.outputCount
          for column in 0..<columns.outputCount {
            let start = columns.starts[column]
            let offset = columns.offsets[column]
            var sum: Float = 0
            for tap in 0..<columns.counts[column] {
              unsafe sum += columns.weights[offset + tap] * line[start + tap]
            }
            unsafe output[target + column] = sum
          }
        }
      }
    }
  }
  return result
}
