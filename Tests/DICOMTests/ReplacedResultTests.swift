import DICOM
import Foundation
import Testing

/// Results that take the place of others say so, as their definitions allow it.
@Suite struct ReplacedResultTests {
  private static let source = SegmentationTests.source()

  private static func replaced(_ sopClass: UID, study: UID? = source.uid(.studyInstanceUID)) -> ReplacedObject
  {
    ReplacedObject(
      sopClassUID: sopClass, sopInstanceUID: .derived(from: ["before"]), studyInstanceUID: study ?? .random(),
      seriesInstanceUID: .derived(from: ["series before"]))
  }

  private static func identity(_ replaced: [ReplacedObject]) -> ResultIdentity {
    ResultIdentity(objectKind: "x", modelSHA256: "abc", configurationDigest: "def", replaced: replaced)
  }

  private static func segmentation(_ replaced: ReplacedObject) throws(InvalidObject) -> Segmentation {
    try Segmentation(
      of: source, segments: SegmentationTests.lungs, equipment: SecondaryCaptureTests.equipment,
      identity: identity([replaced]), contentLabel: "LUNGS", seriesDescription: "Lungs",
      derivationDescription: "Lungs segmented", algorithmName: "MultiMix",
      createdAt: SecondaryCaptureTests.moment)
  }

  private static func report(_ replaced: ReplacedObject) throws(InvalidObject) -> StructuredReport {
    try StructuredReport(
      of: source, StructuredReportTests.measurements(), equipment: SecondaryCaptureTests.equipment,
      identity: identity([replaced]), seriesDescription: "Findings",
      createdAt: SecondaryCaptureTests.moment, timeZone: .gmt)
  }

  private func isValid(_ write: (URL) throws -> Void) throws -> Bool {
    let folder = try TemporaryFolder()
    let url = folder.file("result.dcm")
    try write(url)
    guard let validator = Tools.dciodvfy else { return true }
    return try Tools.errors(validator, [url]) == []
  }

  @Test func masksReferToThose() throws {
    let before = Self.replaced(.segmentationStorage)
    let result = try Self.segmentation(before)
    let reference = try #require(result.dataSet.items(.referencedImageSequence).first)
    #expect(reference.uid(.referencedSOPInstanceUID) == before.sopInstanceUID)
    #expect(
      reference.items(.purposeOfReferenceCodeSequence).first?.string(.codeMeaning)
        == "Result replaced by this one")
    let listed = result.dataSet.items(.referencedSeriesSequence).map { $0.uid(.seriesInstanceUID) }
    #expect(listed == [Self.source.uid(.seriesInstanceUID), before.seriesInstanceUID])
    #expect(try isValid { try result.write(to: $0) })
  }

  @Test func masksInAnotherStudyAreListedThere() throws {
    let before = Self.replaced(.segmentationStorage, study: .derived(from: ["another study"]))
    let result = try Self.segmentation(before)
    #expect(result.dataSet.items(.referencedSeriesSequence).count == 1)
    let studies = result.dataSet.items(.studiesContainingOtherReferencedInstancesSequence)
    #expect(studies.map { $0.uid(.studyInstanceUID) } == [before.studyInstanceUID])
    #expect(try isValid { try result.write(to: $0) })
  }

  @Test(arguments: [nil, UID.derived(from: ["another study"])])
  func reportsNameTheirPredecessor(study: UID?) throws {
    let before = Self.replaced(
      .comprehensive3DSRStorage, study: study ?? Self.source.uid(.studyInstanceUID))
    let result = try Self.report(before)
    let predecessor = try #require(result.dataSet.items(.predecessorDocumentsSequence).first)
    #expect(predecessor.uid(.studyInstanceUID) == before.studyInstanceUID)
    let series = try #require(predecessor.items(.referencedSeriesSequence).first)
    #expect(series.uid(.seriesInstanceUID) == before.seriesInstanceUID)
    let documents = series.items(.referencedSOPSequence).map { $0.uid(.referencedSOPInstanceUID) }
    #expect(documents == [before.sopInstanceUID])
    #expect(try isValid { try result.write(to: $0) })
  }

  @Test func neitherUIDsNorSeriesDependOnThem() throws {
    let (first, second) = (
      try Self.report(Self.replaced(.comprehensive3DSRStorage)),
      try StructuredReport(
        of: Self.source, StructuredReportTests.measurements(), equipment: SecondaryCaptureTests.equipment,
        identity: Self.identity([]), seriesDescription: "Findings", createdAt: SecondaryCaptureTests.moment,
        timeZone: .gmt)
    )
    #expect(first.sopInstanceUID == second.sopInstanceUID)
    #expect(first.seriesInstanceUID == second.seriesInstanceUID)
    #expect(second.dataSet[.predecessorDocumentsSequence] == nil)
  }

  @Test func noneNamesItself() throws {
    let source = try #require(Self.source.uid(.sopInstanceUID))
    let study = try #require(Self.source.uid(.studyInstanceUID))
    func object(_ uid: UID) -> ReplacedObject {
      ReplacedObject(
        sopClassUID: .segmentationStorage, sopInstanceUID: uid, studyInstanceUID: study,
        seriesInstanceUID: .derived(from: ["series"]))
    }
    let own = object(Self.identity([]).sopInstanceUID(source: source))
    let (first, other) = (object(.derived(from: ["1"])), object(.derived(from: ["2"])))
    #expect(Self.identity([first, other]).replacedObject(source: source) == first)
    #expect(Self.identity([own, other]).replacedObject(source: source) == other)
    #expect(Self.identity([own, other, own]).replacedObject(source: source) == other)
    #expect(Self.identity([first, own, own]).replacedObject(source: source) == nil)
    #expect(Self.identity([own]).replacedObject(source: source) == nil)
  }
}
