/// The Displayed Area and Spatial Transformation modules of a presentation state (PS3.3 sections C.10.4, C.10.6) that
/// show a whole image upright.
struct DisplayedArea {
  /// Of the stored image.
  let rows, columns: Int
  let turn: PresentationState.Turn
  /// Height of a stored pixel divided by its width.
  let pixelAspect: Double

  func state(in result: inout DataSet, image: DataSet) {
    var area = DataSet()
    area.set(.referencedImageSequence, items: [image])
    let (first, last) = corners
    area.set(.displayedAreaTopLeftHandCorner, [first.column, first.row])
    area.set(.displayedAreaBottomRightHandCorner, [last.column, last.row])
    area.set(.presentationSizeMode, "SCALE TO FIT")
    area.set(.presentationPixelAspectRatio, aspectRatio)
    result.set(.displayedAreaSelectionSequence, items: [area])
    result.set(.imageHorizontalFlip, turn.isFlipped ? "Y" : "N")
    result.set(.imageRotation, turn.rotation)
  }

  /// The stored pixels, counted from 1, that come to lie at the upper left and at the lower right.
  private var corners: (first: (column: Int, row: Int), last: (column: Int, row: Int)) {
    switch (turn.rotation, turn.isFlipped) {
    case (90, false), (180, true): ((1, rows), (columns, 1))
    case (180, false), (270, true): ((columns, rows), (1, 1))
    case (270, false), (0, true): ((columns, 1), (1, rows))
    default: ((1, 1), (columns, rows))
    }
  }

  /// Height and width as whole numbers.
  private var aspectRatio: [Int] {
    guard pixelAspect.isFinite, pixelAspect > 0.001, pixelAspect < 1000, pixelAspect != 1 else {
      return [1, 1]
    }
    let scale = 10_000
    let height = Int((pixelAspect * Double(scale)).rounded())
    var (divisor, rest) = (height, scale)
    while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
    return [height / divisor, scale / divisor]
  }
}
