public import Tensors

/// Every operation of the network once more, slowly and plainly: what the vectorised kernels are tested
/// against. Convolutions are im2col and one matrix product (`Scalar.gemm`); everything else is loops that
/// follow the formula.
public enum Reference {
  /// height x width pixels of `channels` values: [row][column][channel], without padding.
  public struct Map<Element: Scalar>: Sendable, Equatable {
    public let height, width, channels: Int
    public var values: [Element]

    /// - Parameter values: [height][width][channels]; zeros where left out.
    public init(height: Int, width: Int, channels: Int, values: [Element]? = nil) {
      precondition(values.map { $0.count == height * width * channels } ?? true)
      self.height = height
      self.width = width
      self.channels = channels
      self.values = values ?? Array(repeating: 0, count: height * width * channels)
    }

    public subscript(row: Int, column: Int, channel: Int) -> Element {
      get { values[(row * width + column) * channels + channel] }
      set { values[(row * width + column) * channels + channel] = newValue }
    }

    /// Whether (row, column) lies in the map.
    func contains(_ row: Int, _ column: Int) -> Bool {
      row >= 0 && column >= 0 && row < height && column < width
    }
  }

  // MARK: 3x3 convolution, stride 1, padding 1

  /// y[r, k, o] = bias[o] + sum over i, dr, dk of w[o, i, dr, dk] x[r + dr - 1, k + dk - 1, i], x zero outside.
  /// - Parameters:
  ///   - weights: [outputs][x.channels][3][3].
  ///   - bias: [outputs].
  public static func convolution<Element: Scalar>(
    _ x: Map<Element>, weights: [Element], bias: [Element]
  ) -> Map<Element> {
    let outputs = bias.count
    var y = Map<Element>(height: x.height, width: x.width, channels: outputs)
    for i in y.values.indices { y.values[i] = bias[i % outputs] }
    Element.gemm(
      transposeA: false, transposeB: true, m: x.height * x.width, n: outputs, k: 9 * x.channels, alpha: 1,
      a: patches(x), b: weights, beta: 1, c: &y.values)
    return y
  }

  /// dx[r, k, i] = sum over o, dr, dk of w[o, i, dr, dk] dy[r - dr + 1, k - dk + 1, o].
  public static func convolutionInputGradient<Element: Scalar>(
    _ dy: Map<Element>, weights: [Element], inputs: Int
  ) -> Map<Element> {
    var columns = [Element](repeating: 0, count: dy.height * dy.width * 9 * inputs)
    Element.gemm(
      transposeA: false, transposeB: false, m: dy.height * dy.width, n: 9 * inputs, k: dy.channels, alpha: 1,
      a: dy.values, b: weights, beta: 0, c: &columns)
    var dx = Map<Element>(height: dy.height, width: dy.width, channels: inputs)
    eachPatchElement(of: dx) { place, row, column, channel in dx[row, column, channel] += columns[place] }
    return dx
  }

  /// dw[o, i, dr, dk] = sum over r, k of dy[r, k, o] x[r + dr - 1, k + dk - 1, i].
  public static func convolutionWeightGradient<Element: Scalar>(
    _ x: Map<Element>, _ dy: Map<Element>
  ) -> [Element] {
    var dw = [Element](repeating: 0, count: dy.channels * 9 * x.channels)
    Element.gemm(
      transposeA: true, transposeB: false, m: dy.channels, n: 9 * x.channels, k: x.height * x.width, alpha: 1,
      a: dy.values, b: patches(x), beta: 0, c: &dw)
    return dw
  }

  /// im2col: [height * width][channels][3][3], zero outside the map.
  private static func patches<Element: Scalar>(_ x: Map<Element>) -> [Element] {
    var columns = [Element](repeating: 0, count: x.values.count * 9)
    eachPatchElement(of: x) { place, row, column, channel in columns[place] = x[row, column, channel] }
    return columns
  }

  /// Calls `body` with every place in the patches of a map, and where in the map it comes from.
  private static func eachPatchElement<Element: Scalar>(
    of map: Map<Element>, _ body: (_ place: Int, _ row: Int, _ column: Int, _ channel: Int) -> Void
  ) {
    for pixel in 0..<map.height * map.width {
      for channel in 0..<map.channels {
        for tap in 0..<9 {
          let (row, column) = (pixel / map.width + tap / 3 - 1, pixel % map.width + tap % 3 - 1)
          if map.contains(row, column) {
            body((pixel * map.channels + channel) * 9 + tap, row, column, channel)
          }
        }
      }
    }
  }

  // MARK: instance norm, leaky ReLU, dropout

  /// Each channel's mean and 1 / sqrt(variance + 1e-5), the variance biased (divided by the pixels).
  public static func statistics<Element: Scalar>(_ y: Map<Element>) -> (mean: [Element], rstd: [Element]) {
    let pixels = Element(y.height * y.width)
    var mean = [Element](repeating: 0, count: y.channels)
    var variance = mean
    for i in y.values.indices { mean[i % y.channels] += y.values[i] / pixels }
    for i in y.values.indices {
      let deviation = y.values[i] - mean[i % y.channels]
      variance[i % y.channels] += deviation * deviation / pixels
    }
    return (mean, variance.map { 1 / ($0 + 1e-5).squareRoot() })
  }

  /// a = factor * leaky(x), with x = (y - mean) rstd and leaky(x) = x where x > 0, else slope x.
  /// - Parameter factors: dropout's, one per element: 0 or 1 / (1 - rate).
  public static func normalize<Element: Scalar>(
    _ y: Map<Element>, slope: Element, factors: [Element]
  ) -> Map<Element> {
    let (mean, rstd) = statistics(y)
    var a = y
    for i in y.values.indices {
      let x = (y.values[i] - mean[i % y.channels]) * rstd[i % y.channels]
      a.values[i] = factors[i] * (x > 0 ? x : slope * x)
    }
    return a
  }

  /// With d = da factor (x > 0 ? 1 : slope): dy = rstd (d - mean(d) - x mean(d x)), means over a channel's pixels.
  public static func normalizeGradient<Element: Scalar>(
    _ y: Map<Element>, slope: Element, factors: [Element], _ da: Map<Element>
  ) -> Map<Element> {
    let (mean, rstd) = statistics(y)
    let pixels = Element(y.height * y.width)
    var x = y
    var d = da
    var meanD = [Element](repeating: 0, count: y.channels)
    var meanDX = meanD
    for i in y.values.indices {
      let c = i % y.channels
      x.values[i] = (y.values[i] - mean[c]) * rstd[c]
      d.values[i] = da.values[i] * factors[i] * (x.values[i] > 0 ? 1 : slope)
      meanD[c] += d.values[i] / pixels
      meanDX[c] += d.values[i] * x.values[i] / pixels
    }
    var dy = d
    for i in y.values.indices {
      let c = i % y.channels
      dy.values[i] = rstd[c] * (d.values[i] - meanD[c] - x.values[i] * meanDX[c])
    }
    return dy
  }

  // MARK: 2x2 maximum, stride 2

  /// y[r, k] = the largest of x[2r, 2k], x[2r, 2k + 1], x[2r + 1, 2k], x[2r + 1, 2k + 1]; `choice` says which
  /// (0 to 3, the first of equals). A last odd row or column is left out.
  public static func maxPool<Element: Scalar>(_ x: Map<Element>) -> (y: Map<Element>, choice: [Int]) {
    var y = Map<Element>(height: x.height / 2, width: x.width / 2, channels: x.channels)
    var choice = [Int](repeating: 0, count: y.values.count)
    for i in y.values.indices {
      let (row, column, c) = (i / y.channels / y.width, i / y.channels % y.width, i % y.channels)
      let four = (0..<4).map { x[2 * row + $0 / 2, 2 * column + $0 % 2, c] }
      y.values[i] = four.max()!
      choice[i] = four.firstIndex(of: y.values[i])!
    }
    return (y, choice)
  }

  /// dx = skip, plus dy at the chosen places.
  public static func maxPoolGradient<Element: Scalar>(
    _ dy: Map<Element>, choice: [Int], skip: Map<Element>
  ) -> Map<Element> {
    var dx = skip
    for i in dy.values.indices {
      let (row, column, c) = (i / dy.channels / dy.width, i / dy.channels % dy.width, i % dy.channels)
      dx[2 * row + choice[i] / 2, 2 * column + choice[i] % 2, c] += dy.values[i]
    }
    return dx
  }

  // MARK: bilinear interpolation, corners aligned

  /// y[r, k] = x at the real position (r (h - 1) / (H - 1), k (w - 1) / (W - 1)), h x w being x's size and
  /// H x W y's, linear between neighbours.
  public static func upsample<Element: Scalar>(_ x: Map<Element>, height: Int, width: Int) -> Map<Element> {
    var y = Map<Element>(height: height, width: width, channels: x.channels)
    eachCorner(height, width, from: x.height, x.width) { row, column, r, k, weight in
      for c in 0..<x.channels { y[row, column, c] += weight * x[r, k, c] }
    }
    return y
  }

  /// The adjoint: dx[r, k] = the sum of dy, weighted as y's pixels weigh x[r, k].
  public static func upsampleGradient<Element: Scalar>(_ dy: Map<Element>, height: Int, width: Int) -> Map<
    Element
  > {
    var dx = Map<Element>(height: height, width: width, channels: dy.channels)
    eachCorner(dy.height, dy.width, from: height, width) { row, column, r, k, weight in
      for c in 0..<dy.channels { dx[r, k, c] += weight * dy[row, column, c] }
    }
    return dx
  }

  /// Calls `body` with every pixel of the output, the four of the input around it and their weights.
  private static func eachCorner<Element: Scalar>(
    _ height: Int, _ width: Int, from inputHeight: Int, _ inputWidth: Int,
    _ body: (_ row: Int, _ column: Int, _ r: Int, _ k: Int, _ weight: Element) -> Void
  ) {
    func ends(_ i: Int, _ output: Int, _ input: Int) -> [(Int, Element)] {
      let (low, rest) = output > 1 ? (i * (input - 1)).quotientAndRemainder(dividingBy: output - 1) : (0, 0)
      let weight = output > 1 ? Element(rest) / Element(output - 1) : 0
      return [(low, 1 - weight), (min(low + 1, input - 1), weight)]
    }
    for row in 0..<height {
      for column in 0..<width {
        for (r, v) in ends(row, height, inputHeight) {
          for (k, u) in ends(column, width, inputWidth) { body(row, column, r, k, v * u) }
        }
      }
    }
  }

  // MARK: 1x1 convolution to one channel

  /// y[r, k] = bias + sum over c of w[c] x[r, k, c].
  public static func project<Element: Scalar>(_ x: Map<Element>, weights: [Element], bias: Element) -> Map<
    Element
  > {
    var y = Map<Element>(height: x.height, width: x.width, channels: 1)
    for i in x.values.indices { y.values[i / x.channels] += weights[i % x.channels] * x.values[i] }
    for i in y.values.indices { y.values[i] += bias }
    return y
  }

  /// dx[r, k, c] = w[c] dy[r, k]; dw[c] = sum of dy x[c]; dbias = sum of dy.
  public static func projectGradient<Element: Scalar>(
    _ x: Map<Element>, weights: [Element], _ dy: Map<Element>
  ) -> (dx: Map<Element>, dw: [Element], dbias: Element) {
    var dx = x
    var dw = [Element](repeating: 0, count: x.channels)
    for i in x.values.indices {
      dx.values[i] = weights[i % x.channels] * dy.values[i / x.channels]
      dw[i % x.channels] += dy.values[i / x.channels] * x.values[i]
    }
    return (dx, dw, dy.values.reduce(0, +))
  }
}
