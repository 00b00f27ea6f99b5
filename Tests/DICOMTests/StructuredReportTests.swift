import DICOM
import Foundation
import Testing

@Suite struct StructuredReportTests {
  static let segmentation = ResultReference(
    sopClassUID: .segmentationStorage, sopInstanceUID: .derived(from: ["seg"]),
    seriesInstanceUID: .derived(from: ["seg series"]))

  static func measurements(
    probability: Double = 0.8712, area: Double? = 20_123.4, segmentation: ResultReference? = segmentation
  ) -> Measurements {
    Measurements(
      findings: [
        .init(
          .pneumonia, site: .lung, probability: probability, presence: probability >= 0.5 ? .present : .absent
        )
      ],
      regions: [.init(.rightLung, frame: 1, area: area), .init(.leftLung, frame: 2, area: area)],
      segmentation: segmentation, algorithmName: "MultiMix", algorithmVersion: "1")
  }

  static func report(
    of source: DataSet, _ measurements: Measurements = measurements()
  ) throws(InvalidObject) -> StructuredReport {
    try StructuredReport(
      of: source, measurements, equipment: SecondaryCaptureTests.equipment,
      identity: ResultIdentity(objectKind: "report", modelSHA256: "abc", configurationDigest: "def"),
      seriesDescription: "Findings", createdAt: SecondaryCaptureTests.moment, timeZone: .gmt)
  }

  /// The items of a tree under one concept, at any depth.
  private func items(_ code: String, in dataSet: DataSet) -> [DataSet] {
    dataSet.items(.contentSequence).flatMap { item in
      let isMeant = item.items(.conceptNameCodeSequence).first?.string(.codeValue) == code
      return (isMeant ? [item] : []) + items(code, in: item)
    }
  }

  @Test func saysWhatWasFound() throws {
    let report = try Self.report(of: SegmentationTests.source()).dataSet
    #expect(report.string(.verificationFlag) == "UNVERIFIED" && report.string(.modality) == "SR")
    // Whole, but nobody answers for it yet: no system may take it for the report of the examination.
    #expect(report.string(.completionFlag) == "COMPLETE")
    #expect(report.string(.preliminaryFlag) == "PRELIMINARY")
    #expect(report.items(.contentTemplateSequence).first?.string(.templateIdentifier) == "1500")
    let number = try #require(items("122157", in: report).first?.items(.measuredValueSequence).first)
    #expect(number.decimal(.numericValue) == 0.8712)
    #expect(items("42798000", in: report).count == 2)
    let frames = items("121214", in: report).flatMap { $0.items(.referencedSOPSequence) }
    #expect(frames.map { $0.integer(.referencedFrameNumber) } == [1, 2])
    #expect(frames.allSatisfy { $0.uid(.referencedSOPInstanceUID) == Self.segmentation.sopInstanceUID })
    let presence = items("233604007", in: report).first?.items(.conceptCodeSequence).first
    #expect(presence?.string(.codeMeaning) == "Present")
    #expect(items("121106", in: report).first?.string(.textValue)?.contains("research use only") == true)
  }

  @Test func statesNoAreaWithoutCalibration() throws {
    let report = try Self.report(of: SegmentationTests.source(), Self.measurements(area: nil)).dataSet
    #expect(items("42798000", in: report) == [])
    #expect(items("121214", in: report).count == 2)
    // Without a segmentation there is nothing left to say of the lungs.
    let alone = Self.measurements(area: nil, segmentation: nil)
    let short = try Self.report(of: SegmentationTests.source(), alone).dataSet
    #expect(items("125007", in: short).count == 1)
  }

  @Test func tracksTheSameFindingUnderTheSameUID() throws {
    let source = SegmentationTests.source()
    let first = items("112040", in: try Self.report(of: source).dataSet).map { $0.string(.uid) }
    let again = items("112040", in: try Self.report(of: source, Self.measurements(probability: 0.1)).dataSet)
    #expect(Set(first).count == 3 && first == again.map { $0.string(.uid) })
  }

  @Test func refusesWhatWouldBeInvalid() {
    let source = SegmentationTests.source()
    for wrong in [
      Self.measurements(probability: 1.2), Self.measurements(probability: .nan), Self.measurements(area: -1),
      Self.measurements(area: .infinity),
      Measurements(findings: [], regions: [], segmentation: nil, algorithmName: "a", algorithmVersion: "1"),
    ] { #expect(throws: InvalidObject.self) { try Self.report(of: source, wrong) } }
    var nameless = source
    nameless.remove(.seriesInstanceUID)
    #expect(throws: InvalidObject.self) { try Self.report(of: nameless) }
  }

  @Test(
    .enabled(if: Tools.dciodvfy != nil && Tools.dcentvfy != nil, "needs dciodvfy and dcentvfy (dicom3tools)"),
    arguments: OddSource.all)
  func validatesForOddSources(odd: OddSource) throws {
    try ResultValidation.check(odd) { source, url in
      let report = try Self.report(of: source)
      try report.write(to: url)
      return report.headerNotes
    }
  }
}

/// What validators say of a result of an odd source.
enum ResultValidation {
  static func check(_ odd: OddSource, _ write: (DataSet, URL) throws -> [HeaderNote]) throws {
    let folder = try TemporaryFolder()
    let source = folder.file("source.dcm")
    let values = Synthetic.values(24 * 32, bits: 12, seed: 3)
    try DICOMWriter.write(
      odd.dataSet(), pixels: .words(frames: [values]), as: .explicitVRLittleEndian, to: source)
    let url = folder.file("result.dcm")
    let notes = try write(DICOMFile(reading: source).dataSet, url)
    #expect(try Tools.errors(#require(Tools.dciodvfy), [url]) == [])
    // What a note says was changed differs from the source, which is invalid there.
    let differences = try Tools.errors(#require(Tools.dcentvfy), [source, url]).filter { line in
      !notes.contains { line.contains("Element=<\($0.keyword)>") }
    }
    #expect(differences == [])
  }
}
