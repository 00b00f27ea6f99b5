internal import Rendering
internal import Training

/// The sizes of letters in plots, and how words are set.
enum Lettering {
  static let figureTitle = 14.0
  static let title = 11.5
  static let subtitle = 9.5
  static let axis = 10.0
  static let tick = 9.0
  static let note = 8.5

  /// The lines of a text that must not be wider than `limit`.
  static func wrapped(
    _ text: String, size: Double, isBold: Bool = false, limit: Double, on canvas: borrowing Canvas
  )
    -> [String]
  {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, canvas.width(of: last + " " + word, size: size, isBold: isBold) <= limit {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  /// Where words stand beside their `x`.
  enum Side { case right, middle, left }

  static func write(
    _ text: String, x: Double, y: Double, size: Double, side: Side = .right, isBold: Bool = false,
    colour: RGBColour, on canvas: borrowing Canvas
  ) {
    let width = side == .right ? 0 : canvas.width(of: text, size: size, isBold: isBold)
    let start = side == .right ? x : side == .middle ? x - width / 2 : x - width
    canvas.write(text, x: start, y: y, size: size, isBold: isBold, colour: colour)
  }
}
