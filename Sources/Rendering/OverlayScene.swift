import DICOM
import Radiography
internal import Tensors

/// A radiograph and its maps on square pixels, ready to be drawn.
///
/// Where pixels aren't square the axis along which they are longer gets more of them, so that no resolution is
/// lost and what is round in the patient is round in the picture.
struct OverlayScene: Sendable {
  let width: Int
  let height: Int
  /// Brightness 0...1.
  private let values: [Float]
  private let lungs: [IsoLine]
  /// The pixels of the heat map over them.
  private let heated: [UInt32]

  /// - Parameter scale: of the picture against the radiograph, at most 1.
  init(
    _ radiograph: Radiograph, lungProbability: [Float], saliency: [Float], scale: Double = 1
  ) throws(OverlayError) {
    let count = radiograph.rows * radiograph.columns
    for (name, map) in [("lung probability", lungProbability), ("saliency", saliency)]
    where map.count != count {
      throw .mapSize(name: name, expected: count, found: map.count)
    }
    let (width, height) = Self.size(of: radiograph, scale: scale)

    @Sendable func squared(_ map: [Float], _ kernel: ResamplingAxis.Kernel) -> [Float] {
      if width == radiograph.columns && height == radiograph.rows { return map }
      return resample(
        map, stride: radiograph.columns, box: PixelBox(rows: radiograph.rows, columns: radiograph.columns),
        rows: ResamplingAxis(from: radiograph.rows, to: height, kernel: kernel),
        columns: ResamplingAxis(from: radiograph.columns, to: width, kernel: kernel))
    }
    self.width = width
    self.height = height
    let values = squared(radiograph.values, .cubic)
    self.values = values
    (lungs, heated) = simultaneously(
      {
        LungOutline.lines(squared(lungProbability, .triangle), width: width, height: height)
      }, { HeatMap(saliency: squared(saliency, .triangle), width: width, height: height).over(values) })
  }

  /// Width and height in square pixels.
  static func size(of radiograph: Radiograph, scale: Double) -> (width: Int, height: Int) {
    let aspect = radiograph.pixelAspect
    let width = Double(radiograph.columns) / min(aspect, 1) * scale
    let height = Double(radiograph.rows) * max(aspect, 1) * scale
    return (max(1, Int(width.rounded())), max(1, Int(height.rounded())))
  }

  /// Width of the outline, growing with the picture.
  private var lineWidth: Double { max(1.2, 0.0026 * Double(max(width, height))) }

  /// The radiograph with the lungs outlined.
  func outline() throws(OverlayError) -> RGBPicture {
    let canvas = try Canvas(width: width, height: height, ground: Ink.band)
    try canvas.place(values.map(RGBColour.packedGray))
    // A dark seam keeps the line visible over bright bone.
    canvas.stroke(lungs, width: 1.9 * lineWidth, colour: Ink.shadow, opacity: 0.5)
    canvas.stroke(lungs, width: lineWidth, colour: Ink.outline)
    return try canvas.picture()
  }

  /// The radiograph with the saliency in colour, and the lungs finely outlined for orientation.
  func heat() throws(OverlayError) -> RGBPicture {
    let canvas = try Canvas(width: width, height: height, ground: Ink.band)
    try canvas.place(heated)
    canvas.stroke(lungs, width: 0.6 * lineWidth, colour: Ink.outline, opacity: 0.7)
    return try canvas.picture()
  }
}
