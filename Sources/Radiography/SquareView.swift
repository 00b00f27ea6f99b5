/// A part of a radiograph that is looked at by itself, cut from a square of more detail than the network's own.
/// Training and serving share it, as they share ``ModelInput``.
public enum SquareView {
  /// Side of the square that parts are cut from, for a network of this input side: a part of half the width is shown
  /// pixel by pixel.
  public static func detail(of size: Int) -> Int { 2 * size }

  /// A part of a square stretched to `size` x `size` with the antialiasing triangle filter, then in brightness so
  /// that its own 0.5th and 99.5th percentile become 0 and 1, and clipped: what lies outside has no say.
  /// - Parameters:
  ///   - square: `side` x `side`, 0...1, row-major: a ``ModelInput``'s values at `detail(of: size)`.
  ///   - box: within the square.
  public static func values(of square: [Float], side: Int, box: PixelBox, size: Int) -> [Float] {
    precondition(square.count == side * side)
    precondition(box.row >= 0 && box.column >= 0 && box.rows > 0 && box.columns > 0)
    precondition(box.row + box.rows <= side && box.column + box.columns <= side)
    let values = resample(
      square, stride: side, box: box, rows: ResamplingAxis(from: box.rows, to: size),
      columns: ResamplingAxis(from: box.columns, to: size))
    let limits = Quantiles.of(values, excluding: nil, at: [0.005, 0.995])
    let scale = limits[1] > limits[0] ? 1 / (limits[1] - limits[0]) : 0
    return values.map { min(max(($0 - limits[0]) * scale, 0), 1) }
  }
}
