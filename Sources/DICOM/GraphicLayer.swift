/// Lines and text in one layer of a presentation state (PS3.3 sections C.10.5, C.10.7).
struct GraphicLayer {
  let name: String
  let outlines: [PresentationState.Outline]
  /// One below the other at the lower edge.
  let text: [String]

  /// Cyan, as in the overlay, in the profile connection space of PS3.3 section C.10.7.1.1.
  private static let colour = [57_000, 20_560, 27_500]

  func state(in result: inout DataSet, image: DataSet) throws(InvalidObject) {
    var annotation = DataSet()
    annotation.set(.referencedImageSequence, items: [image])
    annotation.set(.graphicLayer, name)
    if !outlines.isEmpty { annotation.set(.graphicObjectSequence, items: outlines.map(Self.item)) }
    annotation.set(.textObjectSequence, items: [try textItem])
    result.set(.graphicAnnotationSequence, items: [annotation])
    var layer = DataSet()
    layer.set(.graphicLayer, name)
    layer.set(.graphicLayerOrder, 1)
    layer.set(.graphicLayerRecommendedDisplayGrayscaleValue, 0xFFFF)
    layer.set(.graphicLayerRecommendedDisplayCIELabValue, Self.colour)
    result.set(.graphicLayerSequence, items: [layer])
  }

  private static func item(_ outline: PresentationState.Outline) -> DataSet {
    var points = outline.points
    if outline.isClosed, let first = points.first { points.append(first) }
    var item = DataSet()
    item.set(.graphicAnnotationUnits, "PIXEL")
    item.set(.graphicDimensions, 2)
    item.set(.numberOfGraphicPoints, points.count)
    item.set(.graphicData, points.flatMap { [$0.column, $0.row] })
    item.set(.graphicType, "POLYLINE")
    item.set(.graphicFilled, "N")
    return item
  }

  private var textItem: DataSet {
    get throws(InvalidObject) {
      let lines = text.joined(separator: "\r\n")
      guard ValueRule.isValid(lines, .ST), !lines.isEmpty else {
        throw InvalidObject(.unformattedTextValue, "must be 1 to 1024 characters")
      }
      var item = DataSet()
      item.set(.boundingBoxAnnotationUnits, "DISPLAY")
      item.set(.unformattedTextValue, lines)
      let height = 0.03 * Double(text.count)
      item.set(.boundingBoxTopLeftHandCorner, [0.01, 0.99 - height])
      item.set(.boundingBoxBottomRightHandCorner, [0.99, 0.99])
      item.set(.boundingBoxTextHorizontalJustification, "LEFT")
      return item
    }
  }
}
