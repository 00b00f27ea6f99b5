import DICOM

/// The strip below the pictures: text, the outline's key and the colour bar, flowing from left to right and
/// wrapping between words where the strip is narrow.
struct CaptionBand: Sendable {
  enum Piece: Sendable {
    case text(String, isBold: Bool = false, colour: RGBColour = Ink.text)
    /// A short piece of the lung outline.
    case outlineKey
    /// The heat map's colours over a middle grey, weak to strong.
    case colourBar
  }

  /// A piece where it stands; `y` is the base line counted from the band's top.
  private struct Placed: Sendable {
    let piece: Piece
    let x, y, width: Double
  }

  let width, height: Int
  private let placed: [Placed]
  private let size: Double

  /// Lays out paragraphs of pieces in a strip of `width` pixels with letters of `size` pixels.
  init(_ paragraphs: [[Piece]], width: Int, size: Double) throws(OverlayError) {
    let ruler = try Canvas(width: 1, height: 1, ground: Ink.band)
    let margin = (0.7 * size).rounded()
    let limit = Double(width) - margin
    var placed: [Placed] = []
    var y = margin * 0.6
    for paragraph in paragraphs {
      var x = margin
      y += 1.35 * size
      func put(_ piece: Piece, width: Double, gap: Double) {
        if x > margin, x + gap + width > limit {
          x = margin
          y += 1.3 * size
        } else if x > margin {
          x += gap
        }
        placed.append(Placed(piece: piece, x: x, y: y, width: width))
        x += width
      }
      for piece in paragraph {
        switch piece {
        case .outlineKey: put(piece, width: 1.8 * size, gap: 1.2 * size)
        case .colourBar: put(piece, width: 6 * size, gap: 0.5 * size)
        case .text(let text, let isBold, let colour):
          let space = ruler.width(of: " ", size: size, isBold: isBold)
          let total = ruler.width(of: text, size: size, isBold: isBold)
          // A phrase that fits into the strip stays together.
          if total <= limit - margin {
            put(piece, width: total, gap: 0.5 * size)
            continue
          }
          for (index, word) in text.split(separator: " ").enumerated() {
            put(
              .text(String(word), isBold: isBold, colour: colour),
              width: ruler.width(of: String(word), size: size, isBold: isBold),
              gap: index == 0 ? 0.5 * size : space)
          }
        }
      }
    }
    self.width = width
    self.placed = placed
    self.size = size
    height = Int((y + margin).rounded(.up))
  }

  /// The band, `height` pixels high: its own height or more.
  func picture(height: Int) throws(OverlayError) -> RGBPicture {
    let canvas = try Canvas(width: width, height: height, ground: Ink.band)
    draw(on: canvas)
    return try canvas.picture()
  }

  private func draw(on canvas: borrowing Canvas) {
    for item in placed {
      let y = item.y
      switch item.piece {
      case .text(let text, let isBold, let colour):
        canvas.write(text, x: item.x, y: y, size: size, isBold: isBold, colour: colour)
      case .outlineKey:
        let line = IsoLine(
          points: [.init(x: item.x, y: y - 0.33 * size), .init(x: item.x + item.width, y: y - 0.33 * size)],
          isClosed: false)
        canvas.stroke([line], width: max(1.2, 0.16 * size), colour: Ink.outline)
      case .colourBar:
        let steps = max(8, min(256, Int(item.width)))
        let step = item.width / Double(steps)
        for index in 0..<steps {
          let strength = Float(index) / Float(steps - 1)
          let entry = HeatMap.ramp[Int(strength * 255)]
          let ground: Float = 0.45 * entry.ground
          canvas.fill(
            x: item.x + Double(index) * step, y: y - 0.72 * size, width: step + 0.5, height: 0.78 * size,
            colour: RGBColour(
              red: entry.colour.red + ground, green: entry.colour.green + ground,
              blue: entry.colour.blue + ground))
        }
      }
    }
  }
}

/// The colours of an overlay.
enum Ink {
  static let band = RGBColour(red: 0.06, green: 0.07, blue: 0.08)
  static let text = RGBColour(red: 0.91, green: 0.92, blue: 0.93)
  static let quiet = RGBColour(red: 0.62, green: 0.65, blue: 0.68)
  static let warning = RGBColour(red: 1, green: 0.72, blue: 0.2)
  /// Cyan: far from greys and from every colour of the heat map.
  static let outline = RGBColour(red: 0.1, green: 0.9, blue: 1)
  static let shadow = RGBColour(red: 0, green: 0, blue: 0)
}
