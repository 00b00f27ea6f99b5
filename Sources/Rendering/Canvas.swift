internal import CCairo
package import DICOM

/// A picture to draw on with Cairo: lines and text over pixels, as a raster or as an SVG file. Units are
/// pixels from the upper left corner, which a scale can make finer in the raster.
@safe package struct Canvas: ~Copyable {
  package let width: Int
  package let height: Int
  /// Pixels of the raster per unit.
  private let scale: Int
  let surface: OpaquePointer
  let context: OpaquePointer

  /// A raster filled with one colour.
  package init(width: Int, height: Int, scale: Int = 1, ground: RGBColour) throws(OverlayError) {
    guard width > 0, height > 0, scale > 0, width * scale <= 32767, height * scale <= 32767 else {
      throw .tooLarge(width: width, height: height)
    }
    let surface = unsafe cairo_image_surface_create(
      CAIRO_FORMAT_RGB24, Int32(width * scale), Int32(height * scale))
    unsafe try self.init(surface, width: width, height: height, scale: scale, ground: ground)
  }

  /// An SVG document, which lies at `path` once `finish` has been called. Letters become outlines, so that
  /// it looks alike where the font is missing.
  package init(svgAt path: String, width: Int, height: Int, ground: RGBColour) throws(OverlayError) {
    guard width > 0, height > 0 else { throw .tooLarge(width: width, height: height) }
    let surface = unsafe cairo_svg_surface_create(path, Double(width), Double(height))
    unsafe cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX)
    unsafe try self.init(surface, width: width, height: height, scale: 1, ground: ground)
  }

  private init(
    _ surface: OpaquePointer?, width: Int, height: Int, scale: Int, ground: RGBColour
  ) throws(OverlayError) {
    guard let surface = unsafe surface, let context = unsafe cairo_create(surface) else {
      throw .tooLarge(width: width, height: height)
    }
    let status = unsafe cairo_status(context)
    guard status == CAIRO_STATUS_SUCCESS else {
      unsafe cairo_destroy(context)
      unsafe cairo_surface_destroy(surface)
      throw unsafe .drawing(String(cString: cairo_status_to_string(status)))
    }
    self.width = width
    self.height = height
    self.scale = scale
    unsafe self.surface = surface
    unsafe self.context = context
    unsafe cairo_scale(context, Double(scale), Double(scale))
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

  /// Replaces all pixels of a raster of scale 1: 0x00RRGGBB, row-major, `width` x `height`.
  func place(_ pixels: [UInt32]) throws(OverlayError) {
    precondition(scale == 1 && pixels.count == width * height)
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

  /// Completes an SVG document.
  package consuming func finish() throws(OverlayError) {
    try check()
    unsafe cairo_surface_finish(surface)
    let status = unsafe cairo_surface_status(surface)
    guard status == CAIRO_STATUS_SUCCESS else {
      throw unsafe .drawing(String(cString: cairo_status_to_string(status)))
    }
  }

  /// The finished raster.
  package func picture() throws(OverlayError) -> RGBPicture {
    try check()
    unsafe cairo_surface_flush(surface)
    guard let data = unsafe cairo_image_surface_get_data(surface) else { throw .drawing("no image data") }
    let stride = unsafe Int(cairo_image_surface_get_stride(surface))
    let (width, height) = (width * scale, height * scale)
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
