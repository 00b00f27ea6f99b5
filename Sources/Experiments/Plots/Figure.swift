package import Foundation
internal import Glibc
package import Rendering
package import Training

/// Panels in a grid under one title: what goes onto a page.
package struct Figure: Sendable {
  package enum Panel: Sendable {
    case chart(Chart)
    case picture(PicturePanel)
  }

  package var title: String
  package var subtitle: String
  /// Colours that mean the same in all panels.
  package var key: [(words: String, colour: RGBColour)] = []
  package var panels: [Panel]
  package var columns: Int
  /// Of one panel, in units (a PNG has two pixels to one).
  package var panelSize: (width: Double, height: Double)
  /// In small letters at the foot.
  package var note: String

  package init(
    title: String, subtitle: String = "", panels: [Panel], columns: Int,
    panelSize: (width: Double, height: Double), note: String = ""
  ) {
    precondition(columns > 0)
    (self.title, self.subtitle, self.panels, self.columns) = (title, subtitle, panels, columns)
    (self.panelSize, self.note) = (panelSize, note)
  }

  /// Writes `name`.png and `name`.svg into a folder.
  /// - Throws: `TrainingError.cannotWrite`.
  package func write(_ name: String, to folder: URL) throws(TrainingError) {
    let png = folder.appending(path: name + ".png")
    let svg = folder.appending(path: name + ".svg")
    let partial = folder.appending(path: ".\(name).svg.part")
    do {
      let layout = try Layout(self)
      let raster = try Canvas(width: layout.width, height: layout.height, scale: 2, ground: Palette.ground)
      try draw(layout, on: raster)
      try PNG.write(raster.picture(), to: png)
      // Not for everybody, like a PNG: the picture may be a patient's. Cairo keeps the mode of a file that is there.
      guard
        FileManager.default.createFile(
          atPath: partial.path, contents: nil, attributes: [.posixPermissions: 0o640])
      else { throw CocoaError(.fileWriteUnknown) }
      let drawing = try Canvas(
        svgAt: partial.path, width: layout.width, height: layout.height, ground: Palette.ground)
      try draw(layout, on: drawing)
      try drawing.finish()
      guard unsafe rename(partial.path, svg.path) == 0 else {
        throw POSIXError(.init(rawValue: errno) ?? .EIO)
      }
    } catch {
      try? FileManager.default.removeItem(at: partial)
      throw .cannotWrite("\(png.path): \(error)")
    }
  }

  private static let margin = 18.0
  private static let gap = 26.0

  /// Where the parts lie.
  private struct Layout {
    let width, height: Int
    let titleLines, subtitleLines, noteLines: [String]
    /// Of the key's base line, and of the first panel.
    let keyY, top: Double

    init(_ figure: Figure) throws(OverlayError) {
      let ruler = try Canvas(width: 1, height: 1, ground: Palette.ground)
      let columns = Double(min(figure.columns, max(1, figure.panels.count)))
      let rows = Double((figure.panels.count + figure.columns - 1) / figure.columns)
      let inner = columns * figure.panelSize.width + (columns - 1) * gap
      width = Int((inner + 2 * margin).rounded(.up))
      titleLines = Lettering.wrapped(
        figure.title, size: Lettering.figureTitle, isBold: true, limit: inner, on: ruler)
      subtitleLines = Lettering.wrapped(figure.subtitle, size: Lettering.axis, limit: inner, on: ruler)
      noteLines = Lettering.wrapped(figure.note, size: Lettering.note, limit: inner, on: ruler)
      var y = margin + 1.3 * Lettering.figureTitle * Double(titleLines.count)
      y += 1.4 * Lettering.axis * Double(subtitleLines.count)
      keyY = y + 1.4 * Lettering.axis
      if !figure.key.isEmpty { y = keyY + 0.2 * Lettering.axis }
      top = y + 14
      let bottom = top + rows * figure.panelSize.height + (rows - 1) * gap
      let notes = noteLines.isEmpty ? 0 : 10 + 1.35 * Lettering.note * Double(noteLines.count)
      height = Int((bottom + notes + margin).rounded(.up))
    }
  }

  private func draw(_ layout: Layout, on canvas: borrowing Canvas) throws(OverlayError) {
    var y = Self.margin
    for line in layout.titleLines {
      y += 1.3 * Lettering.figureTitle
      canvas.write(
        line, x: Self.margin, y: y - 0.3 * Lettering.figureTitle, size: Lettering.figureTitle, isBold: true,
        colour: Palette.ink)
    }
    for line in layout.subtitleLines {
      y += 1.4 * Lettering.axis
      canvas.write(
        line, x: Self.margin, y: y - 0.35 * Lettering.axis, size: Lettering.axis, isBold: false,
        colour: Palette.quiet)
    }
    drawKey(y: layout.keyY, on: canvas)
    for (place, panel) in panels.enumerated() {
      let frame = Frame(
        x: Self.margin + Double(place % columns) * (panelSize.width + Self.gap),
        y: layout.top + Double(place / columns) * (panelSize.height + Self.gap), width: panelSize.width,
        height: panelSize.height)
      switch panel {
      case .chart(let chart): ChartDrawing(chart, in: frame, on: canvas).draw(on: canvas)
      case .picture(let picture): try picture.draw(in: frame, on: canvas)
      }
    }
    y = Double(layout.height) - Self.margin - 1.35 * Lettering.note * Double(layout.noteLines.count)
    for line in layout.noteLines {
      y += 1.35 * Lettering.note
      canvas.write(
        line, x: Self.margin, y: y - 0.35 * Lettering.note, size: Lettering.note, isBold: false,
        colour: Palette.quiet)
    }
  }

  private func drawKey(y: Double, on canvas: borrowing Canvas) {
    var x = Self.margin
    for entry in key {
      let middle = y - 0.35 * Lettering.axis
      // Bright colours need a dark seam on a white page.
      for (width, colour) in [(4.0, Palette.quiet), (2.6, entry.colour)] {
        canvas.stroke(
          [Point(x: x, y: middle), Point(x: x + 22, y: middle)], width: width, colour: colour)
      }
      canvas.write(entry.words, x: x + 28, y: y, size: Lettering.axis, isBold: false, colour: Palette.ink)
      x += 28 + canvas.width(of: entry.words, size: Lettering.axis, isBold: false) + 18
    }
  }
}
