/// A picture as far as it tells itself from others: what is left of a small square once brightness and contrast are
/// the same everywhere, so that windows, polarities righted and compressions don't matter.
struct PictureView {
  /// Shares of the picture that are cut off at each edge.
  struct Window: Sendable, Equatable {
    var top: Float = 0
    var bottom: Float = 0
    var left: Float = 0
    var right: Float = 0
  }

  /// Side of the pictures that are looked at, in pixels.
  static let pictureSide = 64

  /// Below this variance of grey levels (of 256) there is nothing to see.
  private static let faintest: Float = 4

  let side: Int
  /// How far around a pixel brightness and contrast are levelled.
  let radius: Int

  /// - Parameter picture: `pictureSide` squared, 0 ... 255.
  /// - Returns: side * side numbers of mean 0 and length 1, or zeros where there is nothing to see.
  func callAsFunction(_ picture: [UInt8], _ window: Window = Window()) -> [Float] {
    var values = reduced(picture, window)
    let means = levelled(values)
    for i in values.indices { values[i] -= means[i] }
    let variances = levelled(values.map { $0 * $0 })
    for i in values.indices { values[i] /= (variances[i] + Self.faintest).squareRoot() }
    let mean = values.reduce(0, +) / Float(values.count)
    for i in values.indices { values[i] -= mean }
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard length > 1e-3 else { return [Float](repeating: 0, count: values.count) }
    for i in values.indices { values[i] /= length }
    return values
  }

  /// The correlation of two views, -1 ... 1.
  static func correlation(_ a: [Float], _ b: [Float]) -> Float {
    var sum: Float = 0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
  }

  /// The means over a grid of side x side cells that is laid over the window.
  private func reduced(_ picture: [UInt8], _ window: Window) -> [Float] {
    let whole = Self.pictureSide
    let rows = cells(from: window.top, to: 1 - window.bottom)
    let columns = cells(from: window.left, to: 1 - window.right)
    var lines = [Float](repeating: 0, count: whole)
    var result = [Float](repeating: 0, count: side * side)
    for (y, row) in rows.enumerated() {
      for x in 0..<whole { lines[x] = 0 }
      for (place, weight) in row {
        for x in 0..<whole { lines[x] += weight * Float(picture[place * whole + x]) }
      }
      for (x, column) in columns.enumerated() {
        var sum: Float = 0
        for (place, weight) in column { sum += weight * lines[place] }
        result[y * side + x] = sum
      }
    }
    return result
  }

  /// Which pixels make up each cell, and with what weights.
  private func cells(from start: Float, to end: Float) -> [[(place: Int, weight: Float)]] {
    let whole = Float(Self.pictureSide)
    let step = (end - start) * whole / Float(side)
    return (0..<side).map { cell in
      let (low, high) = (start * whole + Float(cell) * step, start * whole + Float(cell + 1) * step)
      return (Int(low)..<min(Self.pictureSide, Int(high.rounded(.up)))).compactMap { place in
        let weight = (min(high, Float(place + 1)) - max(low, Float(place))) / step
        return weight > 0 ? (place, weight) : nil
      }
    }
  }

  /// The mean of each pixel's neighbourhood; beyond the border the border's pixels count again.
  private func levelled(_ values: [Float]) -> [Float] {
    var once = values
    var twice = values
    let share = 1 / Float(2 * radius + 1)
    for y in 0..<side {
      for x in 0..<side {
        var sum: Float = 0
        for d in -radius...radius { sum += values[y * side + min(max(x + d, 0), side - 1)] }
        once[y * side + x] = sum * share
      }
    }
    for y in 0..<side {
      for x in 0..<side { twice[y * side + x] = 0 }
      for d in -radius...radius {
        let from = min(max(y + d, 0), side - 1) * side
        for x in 0..<side { twice[y * side + x] += once[from + x] * share }
      }
    }
    return twice
  }
}
