internal import CCairo

extension Canvas {
  /// Draws a picture stretched to `size` units: opaque pixels (0x00RRGGBB, row-major, `width` wide).
  package func draw(
    _ pixels: [UInt32], width: Int, at corner: Point, size: (width: Double, height: Double)
  ) throws(OverlayError) {
    let height = pixels.count / width
    let source = try Canvas(width: width, height: height, ground: .gray(0))
    try source.place(pixels)
    unsafe cairo_save(context)
    unsafe cairo_translate(context, corner.x, corner.y)
    unsafe cairo_scale(context, size.width / Double(width), size.height / Double(height))
    unsafe cairo_set_source_surface(context, source.surface, 0, 0)
    // Beyond its border the picture is continued, or its rim would pale when stretched.
    unsafe cairo_pattern_set_extend(cairo_get_source(context), CAIRO_EXTEND_PAD)
    unsafe cairo_rectangle(context, 0, 0, Double(width), Double(height))
    unsafe cairo_fill(context)
    unsafe cairo_restore(context)
  }

  /// Draws lines.
  package func stroke(_ lines: [IsoLine], width: Double, colour: RGBColour, opacity: Double = 1) {
    for line in lines { trace(line.points, isClosed: line.isClosed) }
    unsafe cairo_set_line_width(context, width)
    unsafe cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    unsafe cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
    setColour(colour, opacity: opacity)
    unsafe cairo_stroke(context)
  }

  /// Draws a line through points.
  /// - Parameter dash: lengths of stroke and gap in turn; none for a solid line.
  package func stroke(
    _ points: [Point], width: Double, colour: RGBColour, opacity: Double = 1, dash: [Double] = []
  ) {
    trace(points, isClosed: false)
    unsafe cairo_set_line_width(context, width)
    unsafe cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    unsafe cairo_set_line_cap(context, CAIRO_LINE_CAP_BUTT)
    unsafe cairo_set_dash(context, dash, Int32(dash.count), 0)
    setColour(colour, opacity: opacity)
    unsafe cairo_stroke(context)
    unsafe cairo_set_dash(context, nil, 0, 0)
  }

  /// Fills the area that points enclose.
  package func fill(_ points: [Point], colour: RGBColour, opacity: Double = 1) {
    trace(points, isClosed: true)
    setColour(colour, opacity: opacity)
    unsafe cairo_fill(context)
  }

  /// Fills a rectangle.
  package func fill(
    x: Double, y: Double, width: Double, height: Double, colour: RGBColour, opacity: Double = 1
  ) {
    setColour(colour, opacity: opacity)
    unsafe cairo_rectangle(context, x, y, width, height)
    unsafe cairo_fill(context)
  }

  /// Fills a disc.
  package func fillDisc(at center: Point, radius: Double, colour: RGBColour, opacity: Double = 1) {
    setColour(colour, opacity: opacity)
    unsafe cairo_arc(context, center.x, center.y, radius, 0, 2 * .pi)
    unsafe cairo_fill(context)
  }

  /// Draws what `body` draws inside a rectangle only.
  package func clipped(
    x: Double, y: Double, width: Double, height: Double, _ body: () -> Void
  ) {
    unsafe cairo_save(context)
    unsafe cairo_rectangle(context, x, y, width, height)
    unsafe cairo_clip(context)
    body()
    unsafe cairo_restore(context)
  }

  /// Writes one line; `y` is the base line.
  package func write(_ text: String, x: Double, y: Double, size: Double, isBold: Bool, colour: RGBColour) {
    select(size: size, isBold: isBold)
    setColour(colour)
    unsafe cairo_move_to(context, x, y)
    unsafe cairo_show_text(context, text)
  }

  /// Writes one line upwards, centred on (`x`, `y`); `x` is the base line.
  package func writeUpwards(
    _ text: String, x: Double, y: Double, size: Double, isBold: Bool, colour: RGBColour
  ) {
    let length = width(of: text, size: size, isBold: isBold)
    unsafe cairo_save(context)
    unsafe cairo_translate(context, x, y)
    unsafe cairo_rotate(context, -.pi / 2)
    write(text, x: -length / 2, y: 0, size: size, isBold: isBold, colour: colour)
    unsafe cairo_restore(context)
  }

  /// Advance of a line of text.
  package func width(of text: String, size: Double, isBold: Bool) -> Double {
    select(size: size, isBold: isBold)
    var extents = cairo_text_extents_t()
    unsafe cairo_text_extents(context, text, &extents)
    return extents.x_advance
  }

  func setColour(_ colour: RGBColour, opacity: Double = 1) {
    unsafe cairo_set_source_rgba(
      context, Double(colour.red), Double(colour.green), Double(colour.blue), opacity)
  }

  private func trace(_ points: [Point], isClosed: Bool) {
    guard let first = points.first else { return }
    unsafe cairo_move_to(context, first.x, first.y)
    for point in points.dropFirst() { unsafe cairo_line_to(context, point.x, point.y) }
    if isClosed { unsafe cairo_close_path(context) }
  }

  private func select(size: Double, isBold: Bool) {
    unsafe cairo_select_font_face(
      context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
      isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
    unsafe cairo_set_font_size(context, size)
  }
}
