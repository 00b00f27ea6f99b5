internal import Training

/// A rectangle on a canvas.
struct Frame: Sendable, Equatable {
  var x, y, width, height: Double

  var right: Double { x + width }
  var bottom: Double { y + height }
}
