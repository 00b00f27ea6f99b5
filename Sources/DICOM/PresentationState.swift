public import FoundationEssentials

/// Lines on a radiograph as a Grayscale Softcopy Presentation State (PS3.3 section A.33.1), in the source's study and a
/// series of its own: a viewer draws them on the original pixels.
public struct PresentationState: ResultObject {
  /// A line in pixels of the source as it is stored: columns and rows from the upper left corner of the upper left
  /// pixel, whose center is (0.5, 0.5) (PS3.3 section C.10.5.1.2).
  public struct Outline: Sendable, Equatable {
    public let points: [(column: Double, row: Double)]
    /// The last point is joined to the first.
    public let isClosed: Bool

    public init(points: [(column: Double, row: Double)], isClosed: Bool) {
      self.points = points
      self.isClosed = isClosed
    }

    public static func == (left: Outline, right: Outline) -> Bool {
      left.isClosed == right.isClosed && left.points.elementsEqual(right.points, by: ==)
    }

    /// As many as fit into an element whose length has 16 bits.
    public static let mostPoints = 8000
  }

  /// How the stored picture is turned to stand upright: clockwise by `rotation` degrees, then mirrored left to right.
  public struct Turn: Sendable, Equatable {
    /// 0, 90, 180 or 270.
    public let rotation: Int
    public let isFlipped: Bool

    public init(rotation: Int, isFlipped: Bool) {
      self.rotation = rotation
      self.isFlipped = isFlipped
    }

    public static let none = Turn(rotation: 0, isFlipped: false)
  }

  public let dataSet: DataSet
  public let sopInstanceUID: UID
  public let seriesInstanceUID: UID
  /// Which identifying values of the source had to be changed, and how.
  public let headerNotes: [HeaderNote]

  /// Makes the object, or says why it would be invalid.
  ///
  /// - Parameters:
  ///   - source: The radiograph that the lines lie on; patient and study are copied, in a valid shape
  ///     (`headerNotes`).
  ///   - outlines: Each of 2 to `Outline.mostPoints` points within the source.
  ///   - label: A code string that names the layer of graphics and the state.
  ///   - text: Lines at the lower edge; that the object is for research only is added.
  ///   - grayscale: How stored values are to be shown.
  ///   - keepsShutter: Whether the source's display shutter goes on to be applied.
  ///   - pixelAspect: Height of a stored pixel divided by its width.
  ///   - instanceNumber: In the series, which the states of all images of the study share.
  public init(
    of source: DataSet, outlines: [Outline], label: String, text: [String] = [],
    grayscale: GrayscaleStages, turn: Turn = .none, keepsShutter: Bool = true, pixelAspect: Double = 1,
    equipment: Equipment,
    identity: ResultIdentity, seriesDescription: String, seriesNumber: Int = 9004, instanceNumber: Int = 1,
    createdAt: Date, timeZone: TimeZone = .current
  ) throws(InvalidObject) {
    guard let rows = source.integer(.rows), let columns = source.integer(.columns), rows > 0, columns > 0
    else { throw InvalidObject(.rows, "the source has no rows and columns") }
    try Self.check(outlines, rows: rows, columns: columns)
    guard !label.isEmpty, ValueRule.isValid(label, .CS) else {
      throw InvalidObject(.contentLabel, "must be 1 to 16 of A-Z, 0-9, space and underscore")
    }
    let header = try ResultHeader(
      of: source, equipment: equipment, identity: identity, createdAt: createdAt, timeZone: timeZone)
    let image = header.instanceReference
    var result = try header.dataSet(
      ResultHeader.Kind(
        sopClass: .grayscaleSoftcopyPresentationStateStorage, modality: "PR", seriesNumber: seriesNumber,
        seriesDescription: ResultHeader.marked(seriesDescription), instanceNumber: instanceNumber,
        hasLaterality: true))
    result.set(.presentationCreationDate, header.date)
    result.set(.presentationCreationTime, header.time)
    result.set(.contentLabel, label)
    result.set(.contentDescription, ResultHeader.researchUseOnly)
    result.setEmpty(.contentCreatorName)
    var series = DataSet()
    series.set(.seriesInstanceUID, try header.sourceSeries())
    series.set(.referencedImageSequence, items: [image])
    result.set(.referencedSeriesSequence, items: [series])

    let area = DisplayedArea(rows: rows, columns: columns, turn: turn, pixelAspect: pixelAspect)
    area.state(in: &result, image: image)
    if keepsShutter { DisplayShutter(of: source)?.state(in: &result) }
    grayscale.state(in: &result, image: image)
    let layer = GraphicLayer(
      name: label, outlines: outlines, text: text + ["For \(ResultHeader.researchUseOnly)"])
    try layer.state(in: &result, image: image)

    dataSet = result
    sopInstanceUID = header.sopInstanceUID
    seriesInstanceUID = try header.seriesInstanceUID(of: result)
    headerNotes = header.source.notes
  }

  private static func check(_ outlines: [Outline], rows: Int, columns: Int) throws(InvalidObject) {
    for outline in outlines {
      guard (2...Outline.mostPoints).contains(outline.points.count) else {
        throw InvalidObject(.numberOfGraphicPoints, "must be 2 to \(Outline.mostPoints)")
      }
      for point in outline.points
      where !(0...Double(columns)).contains(point.column) || !(0...Double(rows)).contains(point.row) {
        throw InvalidObject(.graphicData, "a point lies beyond the image")
      }
    }
  }
}
