package import Rendering
internal import Training

/// A square picture with contours over it and words below.
package struct PicturePanel: Sendable {
  /// 0x00RRGGBB, size x size.
  let pixels: [UInt32]
  let size: Int
  let contours: [(lines: [IsoLine], colour: RGBColour)]
  let caption: [String]

  package init(
    pixels: [UInt32], size: Int, contours: [(lines: [IsoLine], colour: RGBColour)], caption: [String]
  ) {
    precondition(pixels.count == size * size)
    (self.pixels, self.size, self.contours, self.caption) = (pixels, size, contours, caption)
  }

  /// The picture is as wide as the frame; the caption takes what is below.
  func draw(in frame: Frame, on canvas: borrowing Canvas) throws(OverlayError) {
    let side = frame.width
    let corner = Point(x: frame.x, y: frame.y)
    try canvas.draw(pixels, width: size, at: corner, size: (side, side))
    canvas.clipped(x: corner.x, y: corner.y, width: side, height: side) {
      for (lines, colour) in contours {
        let lines = lines.map { $0.magnified(side / Double(size), at: corner) }
        // A dark seam keeps the line visible over bright bone.
        canvas.stroke(lines, width: 2.6, colour: Palette.ink, opacity: 0.5)
        canvas.stroke(lines, width: 1.4, colour: colour)
      }
    }
    var baseLine = frame.y + side + 4
    for (place, line) in caption.enumerated() {
      baseLine += 1.35 * Lettering.subtitle
      canvas.write(
        line, x: frame.x, y: baseLine, size: Lettering.subtitle, isBold: place == 0,
        colour: place == 0 ? Palette.ink : Palette.quiet)
    }
  }
}
