/// A place on a picture, in pixels from the upper left corner; the upper left pixel's center is (0.5, 0.5).
package struct Point: Sendable, Equatable {
  package var x: Double
  package var y: Double

  package init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
}
