import CCairo
import DICOM

/// A picture to draw on with Cairo: lines and text over pixels. Units are pixels from the upper left corner.
@safe struct Canvas: ~Copyable {
  let width: Int
  let height: Int
  private let surface: OpaquePointer
  private let context: OpaquePointer

  /// A canvas filled with one colour.
  init(width: Int, height: Int, ground: RGBColour) throws(OverlayError) {
    guard width > 0, height > 0, width <= 32767, height <= 32767,
      let surface = unsafe cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height)),
      let context = unsafe cairo_create(surface)
    else { throw .tooLarge(width: width, height: height) }
    let status = unsafe cairo_status(context)
    guard status == CAIRO_STATUS_SUCCESS else {
      unsafe cairo_destroy(context)
      unsafe cairo_surface_destroy(surface)
      throw unsafe .drawing(String(cString: cairo_status_to_string(status)))
    }
    self.width = width
    self.height = height
    unsafe self.surface = surface
    unsafe self.context = context
    setColour(ground)
    unsafe cairo_paint(context)
    let options = unsafe cairo_font_options_create()
    // No snapping of advances to whole pixels: a text looks alike at every size.
    unsafe cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    unsafe cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT)
    unsafe cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
    unsafe cairo_set_font_options(context, options)
    unsafe cairo_font_options_destroy(options)
  }

  deinit {
    unsafe cairo_destroy(context)
    unsafe cairo_surface_destroy(surface)
  }

  private func check() throws(OverlayError) {
    for status in unsafe [cairo_status(context), cairo_surface_status(surface)]
    where status != CAIRO_STATUS_SUCCESS {
      throw unsafe .drawing(String(cString: cairo_status_to_string(status)))
    }
  }

  /// Replaces all pixels: 0x00RRGGBB, row-major, `width` x `height`.
  func place(_ pixels: [UInt32]) throws(OverlayError) {
    precondition(pixels.count == width * height)
    unsafe cairo_surface_flush(surface)
    guard let data = unsafe cairo_image_surface_get_data(surface) else { throw .drawing("no image data") }
    let stride = unsafe Int(cairo_image_surface_get_stride(surface))
    unsafe pixels.withUnsafeBytes { bytes in
      for row in 0..<height {
        unsafe (data + row * stride).update(
          from: bytes.baseAddress!.assumingMemoryBound(to: UInt8.self) + 4 * row * width, count: 4 * width)
      }
    }
    unsafe cairo_surface_mark_dirty(surface)
  }

  /// Draws lines.
  func stroke(_ lines: [IsoLine], width: Double, colour: RGBColour, opacity: Double = 1) {
    for line in lines {
      guard let first = line.points.first else { continue }
      unsafe cairo_move_to(context, first.x, first.y)
      for point in line.points.dropFirst() { unsafe cairo_line_to(context, point.x, point.y) }
      if line.isClosed { unsafe cairo_close_path(context) }
    }
    unsafe cairo_set_line_width(context, width)
    unsafe cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    unsafe cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
    setColour(colour, opacity: opacity)
    unsafe cairo_stroke(context)
  }

  /// Fills a rectangle.
  func fill(x: Double, y: Double, width: Double, height: Double, colour: RGBColour) {
    setColour(colour)
    unsafe cairo_rectangle(context, x, y, width, height)
    unsafe cairo_fill(context)
  }

  /// Writes one line; `y` is the base line.
  func write(_ text: String, x: Double, y: Double, size: Double, isBold: Bool, colour: RGBColour) {
    select(size: size, isBold: isBold)
    setColour(colour)
    unsafe cairo_move_to(context, x, y)
    unsafe cairo_show_text(context, text)
  }

  /// Advance of a line of text.
  func width(of text: String, size: Double, isBold: Bool) -> Double {
    select(size: size, isBold: isBold)
    var extents = cairo_text_extents_t()
    unsafe cairo_text_extents(context, text, &extents)
    return extents.x_advance
  }

  private func select(size: Double, isBold: Bool) {
    unsafe cairo_select_font_face(
      context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
      isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
    unsafe cairo_set_font_size(context, size)
  }

  private func setColour(_ colour: RGBColour, opacity: Double = 1) {
    unsafe cairo_set_source_rgba(
      context, Double(colour.red), Double(colour.green), Double(colour.blue), opacity)
  }

  /// The finished picture.
  func picture() throws(OverlayError) -> RGBPicture {
    try check()
    unsafe cairo_surface_flush(surface)
    guard let data = unsafe cairo_image_surface_get_data(surface) else { throw .drawing("no image data") }
    let stride = unsafe Int(cairo_image_surface_get_stride(surface))
    let width = width
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: 3 * width * height) { output, count in
      count = 3 * width * height
      var target = 0
      for row in 0..<height {
        // One 32-bit word per pixel, 0x00RRGGBB in the machine's byte order.
        let words = unsafe UnsafeRawPointer(data + row * stride).assumingMemoryBound(to: UInt32.self)
        for column in 0..<width {
          let word = unsafe words[column]
          unsafe output[target] = UInt8(truncatingIfNeeded: word >> 16)
          unsafe output[target + 1] = UInt8(truncatingIfNeeded: word >> 8)
          unsafe output[target + 2] = UInt8(truncatingIfNeeded: word)
          target += 3
        }
      }
    }
    return RGBPicture(width: width, height: height, pixels: pixels)
  }
}
