/// How well a lung mask agrees with the reference, over one image of size x size pixels.
public struct SegmentationMetrics: Sendable, Equatable, Codable {
  /// 2 |A B| / (|A| + |B|) and |A B| / |A or B|; 1 where both are empty.
  public var dice, jaccard: Double
  /// Structural similarity of the two binary masks (Wang et al. 2004; 7x7 windows, data range 1).
  public var ssim: Double
  /// Largest distance from a pixel of one mask to the other mask, in pixels; the image's diagonal where just
  /// one of them is empty.
  public var hausdorff: Double
  public var precision, recall: Double

  public init(prediction: [Bool], reference: [Bool], size: Int) {
    precondition(prediction.count == size * size && reference.count == size * size)
    var both = 0
    var predicted = 0
    var expected = 0
    for i in prediction.indices {
      if prediction[i] { predicted += 1 }
      if reference[i] { expected += 1 }
      if prediction[i] && reference[i] { both += 1 }
    }
    func ratio(_ a: Int, _ b: Int) -> Double { b == 0 ? 1 : Double(a) / Double(b) }
    dice = ratio(2 * both, predicted + expected)
    jaccard = ratio(both, predicted + expected - both)
    precision = predicted == 0 && expected > 0 ? 0 : ratio(both, predicted)
    recall = expected == 0 && predicted > 0 ? 0 : ratio(both, expected)
    ssim = Self.structuralSimilarity(prediction, reference, size)
    hausdorff = Self.hausdorff(prediction, reference, size)
  }

  private init() {
    (dice, jaccard, ssim, hausdorff, precision, recall) = (0, 0, 0, 0, 0, 0)
  }

  /// The mean of each figure; nil for no images.
  public static func mean(_ images: [SegmentationMetrics]) -> SegmentationMetrics? {
    guard !images.isEmpty else { return nil }
    var mean = SegmentationMetrics()
    for path in [\SegmentationMetrics.dice, \.jaccard, \.ssim, \.hausdorff, \.precision, \.recall] {
      mean[keyPath: path] = images.reduce(0) { $0 + $1[keyPath: path] } / Double(images.count)
    }
    return mean
  }

  /// scikit-image's default: uniform 7x7 windows wholly inside the image, unbiased variances.
  static func structuralSimilarity(_ a: [Bool], _ b: [Bool], _ size: Int) -> Double {
    let window = 7
    guard size >= window else { return a == b ? 1 : 0 }
    let width = size + 1
    // Sums over rectangles by summed-area tables; a pixel's square is the pixel.
    func table(_ value: (Int) -> Bool) -> [Int32] {
      var sums = [Int32](repeating: 0, count: width * width)
      for row in 0..<size {
        var line: Int32 = 0
        for column in 0..<size {
          line += value(row * size + column) ? 1 : 0
          sums[(row + 1) * width + column + 1] = sums[row * width + column + 1] + line
        }
      }
      return sums
    }
    let (sa, sb, sab) = (table { a[$0] }, table { b[$0] }, table { a[$0] && b[$0] })
    let n = Double(window * window)
    let unbiased = n / (n - 1)
    let (c1, c2) = (0.01 * 0.01, 0.03 * 0.03)
    var sum = 0.0
    for row in 0...size - window {
      for column in 0...size - window {
        func mean(_ t: [Int32]) -> Double {
          let top = row * width + column
          let bottom = (row + window) * width + column
          return Double(t[bottom + window] - t[bottom] - t[top + window] + t[top]) / n
        }
        let (ma, mb, mab) = (mean(sa), mean(sb), mean(sab))
        let (va, vb, vab) = (unbiased * (ma - ma * ma), unbiased * (mb - mb * mb), unbiased * (mab - ma * mb))
        sum += (2 * ma * mb + c1) * (2 * vab + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))
      }
    }
    return sum / Double((size - window + 1) * (size - window + 1))
  }

  static func hausdorff(_ a: [Bool], _ b: [Bool], _ size: Int) -> Double {
    let (emptyA, emptyB) = (!a.contains(true), !b.contains(true))
    if emptyA && emptyB { return 0 }
    if emptyA || emptyB { return 2.0.squareRoot() * Double(size) }
    func farthest(_ from: [Bool], _ to: [Bool]) -> Int {
      let distance = squaredDistances(to, size)
      return from.indices.reduce(0) { from[$1] ? max($0, distance[$1]) : $0 }
    }
    return Double(max(farthest(a, b), farthest(b, a))).squareRoot()
  }

  /// The squared distance of every pixel to the nearest pixel of the mask (Felzenszwalb and Huttenlocher 2012).
  static func squaredDistances(_ mask: [Bool], _ size: Int) -> [Int] {
    let far = 4 * size * size
    var distance = mask.map { $0 ? 0 : far }
    var line = [Int](repeating: 0, count: size)
    for column in 0..<size {
      for row in 0..<size { line[row] = distance[row * size + column] }
      let lower = lowerEnvelope(line)
      for row in 0..<size { distance[row * size + column] = lower[row] }
    }
    for row in 0..<size {
      let lower = lowerEnvelope(Array(distance[row * size..<(row + 1) * size]))
      distance.replaceSubrange(row * size..<(row + 1) * size, with: lower)
    }
    return distance
  }

  /// min over q of (p - q)^2 + f(q), for every p.
  private static func lowerEnvelope(_ f: [Int]) -> [Int] {
    var vertices = [0]
    var bounds = [-Double.infinity]
    func crossing(_ p: Int, _ q: Int) -> Double { Double(f[q] + q * q - f[p] - p * p) / Double(2 * (q - p)) }
    for q in f.indices.dropFirst() {
      while let last = vertices.last, let bound = bounds.last, vertices.count > 1, crossing(last, q) <= bound
      {
        vertices.removeLast()
        bounds.removeLast()
      }
      bounds.append(crossing(vertices[vertices.count - 1], q))
      vertices.append(q)
    }
    var k = 0
    return f.indices.map { p in
      while k + 1 < vertices.count && bounds[k + 1] < Double(p) { k += 1 }
      return (p - vertices[k]) * (p - vertices[k]) + f[vertices[k]]
    }
  }
}
