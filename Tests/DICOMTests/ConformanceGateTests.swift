import DICOM
import Foundation
import Testing

/// An object that breaks its definition doesn't leave, whatever made it so.
@Suite struct ConformanceGateTests {
  private static let pixels = PixelData.bits(frames: SegmentationTests.lungs.map(\.mask))

  private func refusal(_ change: (inout DataSet) -> Void) throws -> String? {
    var dataSet = try SegmentationTests.segmentation(of: SegmentationTests.source()).dataSet
    change(&dataSet)
    return ConformanceGate.problem(in: dataSet, pixels: Self.pixels)?.description
  }

  @Test func letsWhatIsSoundPass() throws {
    #expect(try refusal { _ in } == nil)
    let source = SegmentationTests.source()
    let report = try StructuredReportTests.report(of: source).dataSet
    #expect(ConformanceGate.problem(in: report, pixels: nil) == nil)
    let state = try PresentationStateTests.state(of: source).dataSet
    #expect(ConformanceGate.problem(in: state, pixels: nil) == nil)
  }

  @Test(arguments: [
    DICOM.Tag.patientName, .studyInstanceUID, .seriesNumber, .instanceNumber, .manufacturer, .contentLabel,
    .segmentSequence, .sharedFunctionalGroupsSequence, .referencedSeriesSequence, .patientOrientation,
    .contributingEquipmentSequence, .sourceImageSequence, .lossyImageCompression, .rows,
  ])
  func requiresAttributes(tag: DICOM.Tag) throws {
    #expect(try refusal { $0.remove(tag) }?.hasPrefix(tag.description) == true)
  }

  @Test func requiresValuesWhereAnEmptyOneWontDo() throws {
    #expect(try refusal { $0.setEmpty(.contentLabel) } != nil)
    #expect(try refusal { $0.setEmpty(.patientName) } == nil)
  }

  @Test func looksAtRepresentationsLengthsAndUIDs() throws {
    #expect(try refusal { $0.set(.studyDate, "2024-01-15") } != nil)
    #expect(try refusal { $0.set(.accessionNumber, String(repeating: "1", count: 17)) } != nil)
    #expect(try refusal { $0.set(.patientSex, "female") } != nil)
    #expect(try refusal { $0.set(.studyInstanceUID, "1.02.3") } != nil)
    #expect(try refusal { $0[.patientAge] = DataElement(.patientAge, .LO, .text("062Y")) } != nil)
    #expect(
      try refusal { $0[DICOM.Tag(0x0009, 0x1001)] = DataElement(DICOM.Tag(0x0009, 0x1001), .LO, .text("x")) }
        != nil)
    #expect(try refusal { $0.set(.specificCharacterSet, "UTF8") } != nil)
    #expect(try refusal { $0.set(.sourceImageSequence, items: [DataSet()]) } != nil)
    let long = [Double](repeating: 1, count: 20_000)
    #expect(try refusal { $0.set(.graphicData, long) } != nil)
  }

  @Test func looksAtReferences() throws {
    #expect(try refusal { $0.set(.seriesInstanceUID, $0.uid(.sopInstanceUID) ?? .random()) } != nil)
    let strange = try refusal { dataSet in
      var items = dataSet.items(.sourceImageSequence)
      items[0].set(.referencedSOPInstanceUID, UID.derived(from: ["elsewhere"]))
      dataSet.set(.sourceImageSequence, items: items)
    }
    #expect(strange?.contains("list") == true)
    let segment = try refusal { dataSet in
      var frames = dataSet.items(.perFrameFunctionalGroupsSequence)
      var item = DataSet()
      item.set(.referencedSegmentNumber, 3)
      frames[1].set(.segmentIdentificationSequence, items: [item])
      dataSet.set(.perFrameFunctionalGroupsSequence, items: frames)
    }
    #expect(segment?.contains("no such segment") == true)
    #expect(try refusal { $0.set(.numberOfFrames, 3) } != nil)
  }

  @Test func demandsTheNotice() throws {
    #expect(try refusal { $0.set(.seriesDescription, "Lungs") } != nil)
  }

  @Test func sourcesOfOneStudyShareASeries() throws {
    let (first, second) = (SegmentationTests.source("1"), SegmentationTests.source("2"))
    var other = second
    other.set(.studyInstanceUID, first.uid(.studyInstanceUID) ?? .random())
    let series = try [first, other].map { try SegmentationTests.segmentation(of: $0).seriesInstanceUID }
    #expect(series[0] == series[1])
    // Objects of a series must agree in what they say of it.
    other.set(.bodyPartExamined, "LUNG")
    #expect(try SegmentationTests.segmentation(of: other).seriesInstanceUID != series[0])
  }
}
