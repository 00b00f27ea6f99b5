import DICOM
import Foundation
import TestSupport
import Testing

@Suite struct PresentationStateTests {
  static let window = GrayscaleStages(
    modality: .none, voi: .linear(center: 2048, width: 4096), isInverse: false)
  static let square = PresentationState.Outline(
    points: [(2, 2), (20, 2), (20, 12.5), (2, 12.5)], isClosed: true)

  static func state(
    of source: DataSet, outlines: [PresentationState.Outline] = [square], grayscale: GrayscaleStages = window,
    turn: PresentationState.Turn = .none
  ) throws(InvalidObject) -> PresentationState {
    try PresentationState(
      of: source, outlines: outlines, label: "LUNGS", text: ["Pneumonia probability 0.87"],
      grayscale: grayscale, turn: turn, equipment: SecondaryCaptureTests.equipment,
      identity: ResultIdentity(objectKind: "presentation", modelSHA256: "abc", configurationDigest: "def"),
      seriesDescription: "Lung outline", createdAt: SecondaryCaptureTests.moment, timeZone: .gmt)
  }

  @Test func drawsClosedLinesInStoredPixels() throws {
    let state = try Self.state(of: SegmentationTests.source()).dataSet
    let annotation = try #require(state.items(.graphicAnnotationSequence).first)
    let graphic = try #require(annotation.items(.graphicObjectSequence).first)
    #expect(graphic.decimals(.graphicData) == [2, 2, 20, 2, 20, 12.5, 2, 12.5, 2, 2])
    #expect(graphic.integer(.numberOfGraphicPoints) == 5)
    let text = annotation.items(.textObjectSequence).first?.string(.unformattedTextValue) ?? ""
    #expect(text.contains("0.87") && text.contains("research use only"))
    #expect(
      annotation.string(.graphicLayer) == state.items(.graphicLayerSequence).first?.string(.graphicLayer))
  }

  @Test func refusesWhatWouldBeInvalid() {
    let source = SegmentationTests.source()
    let many = (0..<PresentationState.Outline.mostPoints + 1).map { _ in (column: 1.0, row: 1.0) }
    for points in [[(column: 1.0, row: 1.0)], [(-1, 1), (2, 2)], [(1, 1), (32, 1)], many] {
      #expect(throws: InvalidObject.self) {
        try Self.state(of: source, outlines: [.init(points: points, isClosed: false)])
      }
    }
  }

  /// Which stored pixels come to lie at the upper left and lower right, by turning a matrix of their numbers.
  @Test(arguments: [0, 90, 180, 270], [false, true])
  func cornersAreThoseOfTheTurnedPicture(rotation: Int, isFlipped: Bool) throws {
    var picture = (1...24).map { row in (1...31).map { column in [column, row] } }
    for _ in 0..<rotation / 90 {
      picture = picture[0].indices.map { column in picture.reversed().map { $0[column] } }
    }
    if isFlipped { picture = picture.map { $0.reversed() } }
    let state = try Self.state(
      of: SegmentationTests.source(), turn: .init(rotation: rotation, isFlipped: isFlipped))
    let area = try #require(state.dataSet.items(.displayedAreaSelectionSequence).first)
    #expect(area.integers(.displayedAreaTopLeftHandCorner) == picture.first?.first)
    #expect(area.integers(.displayedAreaBottomRightHandCorner) == picture.last?.last)
    #expect(state.dataSet.integer(.imageRotation) == rotation)
  }

  @Test(
    .enabled(if: Tools.dciodvfy != nil && Tools.dcentvfy != nil, "needs dciodvfy and dcentvfy (dicom3tools)"),
    arguments: OddSource.all)
  func validatesForOddSources(odd: OddSource) throws {
    try ResultValidation.check(odd) { source, url in
      let state = try Self.state(of: source)
      try state.write(to: url)
      return state.headerNotes
    }
  }

  static let stages: [GrayscaleStages] = [
    window,
    GrayscaleStages(
      modality: .rescale(slope: 0.5, intercept: -1024), voi: .sigmoid(center: 0.1, width: 812.25),
      isInverse: true),
    GrayscaleStages(
      modality: .none,
      voi: .lookup(.init(firstMapped: -100, entries: [0, 100, 40_000, 65_535])), isInverse: false),
    GrayscaleStages(
      modality: .none, voi: .lookup(.init(firstMapped: 0, entries: (0..<65_536).map { UInt16($0) })),
      isInverse: false),
  ]

  @Test(.enabled(if: Tools.dciodvfy != nil, "needs dciodvfy (dicom3tools)"), arguments: stages.indices)
  func everyKindOfStageIsValid(index: Int) throws {
    let folder = try TemporaryFolder()
    let url = folder.file("state.dcm")
    var source = SegmentationTests.source()
    source.set(.shutterShape, ["RECTANGULAR", "CIRCULAR", "POLYGONAL"])
    for (tag, edge) in [
      (DICOM.Tag.shutterLeftVerticalEdge, 2), (.shutterRightVerticalEdge, 30),
      (.shutterUpperHorizontalEdge, 3), (.shutterLowerHorizontalEdge, 20),
    ] { source.set(tag, edge) }
    source.set(.centerOfCircularShutter, [12, 15])
    source.set(.radiusOfCircularShutter, 10)
    source.set(.verticesOfThePolygonalShutter, [1, 1, 1, 31, 24, 31, 24, 1])
    try Self.state(of: source, grayscale: Self.stages[index]).write(to: url)
    #expect(try Tools.errors(#require(Tools.dciodvfy), [url]) == [])
    if let checker = TestEnvironment.tool("dcmpschk") {
      // It takes no date and time with an offset from UTC, which PS3.5 section 6.2 has.
      let faults = try TestEnvironment.run(checker, [url.path]).output.split(separator: "\n").filter {
        $0.contains("Affected attribute") && !$0.contains("Type DT")
      }
      #expect(faults == [])
    }
    let shutter = try DisplayShutter(of: DICOMFile(reading: url).dataSet)
    #expect(shutter == DisplayShutter(of: source) && shutter?.shapes.count == 3)
  }
}
