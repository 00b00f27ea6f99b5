internal import Rendering
internal import Training

/// A chart on its way to a canvas: where its parts lie.
struct ChartDrawing {
  private let chart: Chart
  private let frame: Frame
  private var plot: Frame
  private let xRange, yRange: ClosedRange<Double>
  private let xTicks, yTicks: Ticks
  private let titleLines, subtitleLines: [String]
  private let legend: [LegendEntry]

  private struct LegendEntry {
    let series: Chart.Series
    let x, y: Double
    let words: String
  }

  init(_ chart: Chart, in frame: Frame, on canvas: borrowing Canvas) {
    self.chart = chart
    self.frame = frame
    let extent = chart.series.flatMap(\.mark.extent)
    let rules = chart.series.compactMap { series -> Double? in
      if case .rule(let value, _, _) = series.mark { value } else { nil }
    }
    let xCount = max(3, Int(frame.width / 75))
    let yCount = chart.isSquare ? xCount : max(3, Int(frame.height / 55))
    xRange = chart.x.shown(extent.map(\.x), about: xCount)
    yRange = chart.y.shown(extent.map(\.y) + rules, about: yCount)
    xTicks = chart.x.ticks(in: xRange, about: xCount)
    yTicks = chart.y.ticks(in: yRange, about: yCount)

    titleLines = Lettering.wrapped(
      chart.title, size: Lettering.title, isBold: true, limit: frame.width, on: canvas)
    subtitleLines = Lettering.wrapped(
      chart.subtitle, size: Lettering.subtitle, limit: frame.width, on: canvas)
    var top = frame.y + 1.3 * Lettering.title * Double(titleLines.count)
    top += 1.35 * Lettering.subtitle * Double(subtitleLines.count)
    (legend, top) = Self.legend(chart, from: top, in: frame, on: canvas)

    var labelWidth = 0.0
    for label in yTicks.labels {
      labelWidth = max(labelWidth, canvas.width(of: label, size: Lettering.tick, isBold: false))
    }
    let left = labelWidth + 8 + (chart.y.title.isEmpty ? 0 : 1.6 * Lettering.axis)
    let below = 1.3 * Lettering.tick + 6 + (chart.x.title.isEmpty ? 0 : 1.5 * Lettering.axis)
    // The last tick's label reaches beyond the axis.
    let lastLabel = xTicks.labels.last ?? ""
    let right = max(4, canvas.width(of: lastLabel, size: Lettering.tick, isBold: false) / 2)
    top += 10
    plot = Frame(
      x: frame.x + left, y: top, width: max(1, frame.width - left - right),
      height: max(1, frame.bottom - below - top))
    if chart.isSquare {
      let side = min(plot.width, plot.height)
      (plot.width, plot.height) = (side, side)
    }
  }

  /// Entries from left to right, in as many lines as they take; also where the next thing begins.
  private static func legend(
    _ chart: Chart, from top: Double, in frame: Frame, on canvas: borrowing Canvas
  ) -> ([LegendEntry], Double) {
    var entries: [LegendEntry] = []
    var x = frame.x
    var y = top + 1.5 * Lettering.tick
    for series in chart.series {
      guard let words = series.label else { continue }
      let width = swatch + 5 + canvas.width(of: words, size: Lettering.tick, isBold: false) + 14
      if x > frame.x, x + width - 14 > frame.right {
        x = frame.x
        y += 1.45 * Lettering.tick
      }
      entries.append(LegendEntry(series: series, x: x, y: y, words: words))
      x += width
    }
    return (entries, entries.isEmpty ? top : y + 0.3 * Lettering.tick)
  }

  private static let swatch = 18.0

  private func place(_ point: Point) -> Point {
    Point(
      x: plot.x + plot.width * chart.x.share(point.x, in: xRange),
      y: plot.bottom - plot.height * chart.y.share(point.y, in: yRange))
  }

  func draw(on canvas: borrowing Canvas) {
    drawTitles(on: canvas)
    drawGrid(on: canvas)
    drawAxes(on: canvas)
    // A line on the border keeps its width.
    canvas.clipped(x: plot.x - 2, y: plot.y - 2, width: plot.width + 4, height: plot.height + 4) {
      for series in chart.series { draw(series, on: canvas) }
    }
    for series in chart.series { drawPoints(series, on: canvas) }
    drawRuleWords(on: canvas)
  }

  private func drawTitles(on canvas: borrowing Canvas) {
    var y = frame.y
    for line in titleLines {
      y += 1.3 * Lettering.title
      canvas.write(
        line, x: frame.x, y: y - 0.3 * Lettering.title, size: Lettering.title, isBold: true,
        colour: Palette.ink)
    }
    for line in subtitleLines {
      y += 1.35 * Lettering.subtitle
      canvas.write(
        line, x: frame.x, y: y - 0.3 * Lettering.subtitle, size: Lettering.subtitle, isBold: false,
        colour: Palette.quiet)
    }
    for entry in legend {
      drawSwatch(entry, on: canvas)
      canvas.write(
        entry.words, x: entry.x + Self.swatch + 5, y: entry.y, size: Lettering.tick, isBold: false,
        colour: Palette.ink)
    }
  }

  private func drawSwatch(_ entry: LegendEntry, on canvas: borrowing Canvas) {
    let middle = entry.y - 0.34 * Lettering.tick
    let ends = [Point(x: entry.x, y: middle), Point(x: entry.x + Self.swatch, y: middle)]
    let center = Point(x: entry.x + Self.swatch / 2, y: middle)
    let colour = entry.series.colour
    switch entry.series.mark {
    case .line(_, let width, let opacity, let dash):
      canvas.stroke(ends, width: max(width, 1.6), colour: colour, opacity: opacity, dash: dash)
    case .rule(_, _, let dash): canvas.stroke(ends, width: 1.3, colour: colour, dash: dash)
    case .band:
      canvas.fill(
        x: entry.x, y: middle - 4, width: Self.swatch, height: 8, colour: colour, opacity: Self.bandOpacity)
    case .columns:
      canvas.fill(x: entry.x + 3, y: middle - 4, width: 12, height: 8, colour: colour, opacity: 0.5)
    case .points(_, _, let opacity):
      canvas.fillDisc(at: center, radius: 3, colour: colour, opacity: max(opacity, 0.7))
    case .rings: drawRing(at: center, radius: 3.5, colour: colour, on: canvas)
    case .intervals: canvas.stroke(ends, width: 1.4, colour: colour)
    case .levels: canvas.stroke(ends, width: 7, colour: colour, opacity: 0.3)
    }
  }

  private static let bandOpacity = 0.2

  private func drawRing(at center: Point, radius: Double, colour: RGBColour, on canvas: borrowing Canvas) {
    canvas.fillDisc(at: center, radius: radius + 0.8, colour: colour)
    canvas.fillDisc(at: center, radius: radius - 0.8, colour: Palette.ground)
  }

  private func drawGrid(on canvas: borrowing Canvas) {
    for value in yTicks.values {
      let y = place(Point(x: xRange.lowerBound, y: value)).y
      canvas.stroke(
        [Point(x: plot.x, y: y), Point(x: plot.right, y: y)], width: 0.8, colour: Palette.grid)
    }
    for value in xTicks.values {
      let x = place(Point(x: value, y: yRange.lowerBound)).x
      canvas.stroke(
        [Point(x: x, y: plot.y), Point(x: x, y: plot.bottom)], width: 0.8, colour: Palette.grid)
    }
  }

  private func draw(_ series: Chart.Series, on canvas: borrowing Canvas) {
    let colour = series.colour
    switch series.mark {
    case .line(let points, let width, let opacity, let dash):
      canvas.stroke(points.map(place), width: width, colour: colour, opacity: opacity, dash: dash)
    case .band(let spans):
      let upper = spans.map { place(Point(x: $0.at, y: $0.high)) }
      let lower = spans.reversed().map { place(Point(x: $0.at, y: $0.low)) }
      canvas.fill(upper + lower, colour: colour, opacity: Self.bandOpacity)
    case .points, .rings: break
    case .intervals(let spans):
      for span in spans {
        let ends = [place(Point(x: span.at, y: span.low)), place(Point(x: span.at, y: span.high))]
        canvas.stroke(ends, width: 1.4, colour: colour)
      }
    case .levels(let spans):
      for span in spans {
        let ends = [place(Point(x: span.low, y: span.at)), place(Point(x: span.high, y: span.at))]
        canvas.stroke(ends, width: 7, colour: colour, opacity: 0.3)
      }
    case .columns(let spans, let width):
      for span in spans {
        let corner = place(Point(x: span.at - width / 2, y: span.high))
        let other = place(Point(x: span.at + width / 2, y: span.low))
        canvas.fill(
          x: corner.x, y: corner.y, width: other.x - corner.x, height: other.y - corner.y, colour: colour,
          opacity: 0.5)
      }
    case .rule(let value, _, let dash):
      let y = place(Point(x: xRange.lowerBound, y: value)).y
      canvas.stroke(
        [Point(x: plot.x, y: y), Point(x: plot.right, y: y)], width: 1.3, colour: colour, dash: dash)
    }
  }

  /// Points stand whole on the border, and above all lines.
  private func drawPoints(_ series: Chart.Series, on canvas: borrowing Canvas) {
    func shown(_ points: [Point]) -> [Point] {
      points.filter { xRange.contains($0.x) && yRange.contains($0.y) }.map(place)
    }
    switch series.mark {
    case .points(let points, let radius, let opacity):
      for point in shown(points) {
        canvas.fillDisc(at: point, radius: radius, colour: series.colour, opacity: opacity)
      }
    case .rings(let points, let radius):
      for point in shown(points) { drawRing(at: point, radius: radius, colour: series.colour, on: canvas) }
    default: break
    }
  }

  /// Above the line at its right end, over a ground of its own so that points don't run through them.
  private func drawRuleWords(on canvas: borrowing Canvas) {
    for series in chart.series {
      guard case .rule(let value, let words, _) = series.mark, !words.isEmpty else { continue }
      let y = place(Point(x: xRange.lowerBound, y: value)).y
      let width = canvas.width(of: words, size: Lettering.tick, isBold: false)
      canvas.fill(
        x: plot.right - width - 4, y: y - 1.45 * Lettering.tick, width: width + 4,
        height: 1.25 * Lettering.tick, colour: Palette.ground, opacity: 0.85)
      Lettering.write(
        words, x: plot.right - 2, y: y - 0.45 * Lettering.tick, size: Lettering.tick, side: .left,
        colour: series.colour, on: canvas)
    }
  }

  private func drawAxes(on canvas: borrowing Canvas) {
    let corner = Point(x: plot.x, y: plot.bottom)
    canvas.stroke([Point(x: plot.x, y: plot.y), corner], width: 1, colour: Palette.axis)
    canvas.stroke([corner, Point(x: plot.right, y: plot.bottom)], width: 1, colour: Palette.axis)
    for (value, label) in zip(xTicks.values, xTicks.labels) {
      let x = place(Point(x: value, y: yRange.lowerBound)).x
      canvas.stroke(
        [Point(x: x, y: plot.bottom), Point(x: x, y: plot.bottom + 4)], width: 1, colour: Palette.axis)
      Lettering.write(
        label, x: x, y: plot.bottom + 6 + Lettering.tick, size: Lettering.tick, side: .middle,
        colour: Palette.ink, on: canvas)
    }
    for (value, label) in zip(yTicks.values, yTicks.labels) {
      let y = place(Point(x: xRange.lowerBound, y: value)).y
      canvas.stroke([Point(x: plot.x - 4, y: y), Point(x: plot.x, y: y)], width: 1, colour: Palette.axis)
      Lettering.write(
        label, x: plot.x - 7, y: y + 0.36 * Lettering.tick, size: Lettering.tick, side: .left,
        colour: Palette.ink, on: canvas)
    }
    Lettering.write(
      chart.x.title, x: plot.x + plot.width / 2,
      y: plot.bottom + 6 + 1.3 * Lettering.tick + 1.2 * Lettering.axis,
      size: Lettering.axis, side: .middle, colour: Palette.ink, on: canvas)
    canvas.writeUpwards(
      chart.y.title, x: frame.x + Lettering.axis, y: plot.y + plot.height / 2, size: Lettering.axis,
      isBold: false, colour: Palette.ink)
  }
}
