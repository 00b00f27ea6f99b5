import Glibc
internal import Tensors

/// A picture plane in patient centimeters: x to the right of the picture (the patient's left), y down.
struct PhantomField: Sendable {
  let rows, columns: Int
  /// Centimeters from one pixel center to the next.
  let spacing: Double
  var values: [Float]

  init(rows: Int, columns: Int, spacing: Double, value: Float = 0) {
    self.rows = rows
    self.columns = columns
    self.spacing = spacing
    values = Array(repeating: value, count: rows * columns)
  }

  /// Adds a round spot of radius `radius` centimeters at a point in pixels; `profile` is given the squared
  /// distance as a share of the squared radius, 0 at the center ... 1 at the rim.
  mutating func stamp(row: Double, column: Double, radius: Double, profile: (Double) -> Double) {
    stamp(row: row, column: column, radii: (radius, radius), angle: 0, profile: profile)
  }

  /// Adds an oval spot of two radii in centimeters, the first along `angle` (from +x towards +y).
  mutating func stamp(
    row: Double, column: Double, radii: (Double, Double), angle: Double, profile: (Double) -> Double
  ) {
    let reach = max(radii.0, radii.1) / spacing
    let top = max(0, Int((row - reach).rounded(.up)))
    let bottom = min(rows - 1, Int((row + reach).rounded(.down)))
    let left = max(0, Int((column - reach).rounded(.up)))
    let right = min(columns - 1, Int((column + reach).rounded(.down)))
    guard top <= bottom, left <= right else { return }
    let cosine = cos(angle)
    let sine = sin(angle)
    for r in top...bottom {
      for c in left...right {
        let dx = (Double(c) - column) * spacing
        let dy = (Double(r) - row) * spacing
        let along = (dx * cosine + dy * sine) / radii.0
        let across = (dy * cosine - dx * sine) / radii.1
        let distance = along * along + across * across
        if distance < 1 { values[r * columns + c] += Float(profile(distance)) }
      }
    }
  }

  /// Blurs with about a Gaussian of standard deviation `sigma` centimeters: three box filters each way.
  func blurred(sigma: Double) -> PhantomField {
    let pixels = sigma / spacing
    let radius = Int(((12 * pixels * pixels / 3 + 1).squareRoot() - 1) / 2 + 0.5)
    guard radius > 0 else { return self }
    var result = self
    for _ in 0..<3 {
      result.boxFilter(count: rows, length: columns, step: 1, stride: columns, radius: radius)
      result.boxFilter(count: columns, length: rows, step: columns, stride: 1, radius: radius)
    }
    return result
  }

  private mutating func boxFilter(count: Int, length: Int, step: Int, stride: Int, radius: Int) {
    var line = [Float](repeating: 0, count: length)
    let weight = 1 / Float(2 * radius + 1)
    for start in 0..<count {
      let base = start * stride
      for i in 0..<length { line[i] = values[base + i * step] }
      var sum: Float = 0
      for i in -radius...radius { sum += line[min(max(i, 0), length - 1)] }
      for i in 0..<length {
        values[base + i * step] = sum * weight
        sum += line[min(i + radius + 1, length - 1)] - line[max(i - radius, 0)]
      }
    }
  }

  /// Noise with structure of about `scale` centimeters, mean 0, standard deviation about 1.
  static func noise(like field: PhantomField, scale: Double, random: inout SplitMix64) -> PhantomField {
    var result = PhantomField(rows: field.rows, columns: field.columns, spacing: field.spacing)
    for i in result.values.indices { result.values[i] = Float(random.normal()) }
    result = result.blurred(sigma: scale)
    let variance = result.values.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(result.values.count)
    let factor = Float(1 / max(variance, 1e-12).squareRoot())
    for i in result.values.indices { result.values[i] *= factor }
    return result
  }
}
