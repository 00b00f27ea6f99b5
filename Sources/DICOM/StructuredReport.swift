public import FoundationEssentials

/// What was measured on a radiograph as a Comprehensive 3D SR (PS3.3 section A.35.13) after the template Imaging
/// Measurement Report (PS3.16 TID 1500), in the source's study and a series of its own.
public struct StructuredReport: ResultObject {
  public let dataSet: DataSet
  public let sopInstanceUID: UID
  public let seriesInstanceUID: UID
  /// Which identifying values of the source had to be changed, and how.
  public let headerNotes: [HeaderNote]

  /// Makes the object, or says why it would be invalid.
  ///
  /// - Parameters:
  ///   - source: The radiograph that the measurements are of; patient and study are copied, in a valid shape
  ///     (`headerNotes`).
  ///   - seriesDescription: 1 to 64 characters, into which "research use only, not for diagnosis" must fit unless it
  ///     says so already.
  ///   - instanceNumber: In the series, which the reports of all images of the study share.
  public init(
    of source: DataSet, _ measurements: Measurements, equipment: Equipment, identity: ResultIdentity,
    seriesDescription: String, seriesNumber: Int = 9003, instanceNumber: Int = 1, createdAt: Date,
    timeZone: TimeZone = .current
  ) throws(InvalidObject) {
    try Self.check(measurements)
    let header = try ResultHeader(
      of: source, equipment: equipment, identity: identity, createdAt: createdAt, timeZone: timeZone)
    var result = try header.dataSet(
      ResultHeader.Kind(
        sopClass: .comprehensive3DSRStorage, modality: "SR", seriesNumber: seriesNumber,
        seriesDescription: ResultHeader.marked(seriesDescription), instanceNumber: instanceNumber,
        hasRequests: false))
    result.setEmpty(.referencedPerformedProcedureStepSequence)
    result.set(.contentDate, header.date)
    result.set(.contentTime, header.time)
    result.set(.completionFlag, "COMPLETE")
    // Nobody has looked at it, as the messages by HL7 and FHIR say too: whoever reads the image has the last word.
    result.set(.verificationFlag, "UNVERIFIED")
    result.set(.preliminaryFlag, "PRELIMINARY")
    result.setEmpty(.performedProcedureCodeSequence)
    let evidence = try Self.evidence(
      study: result.string(.studyInstanceUID) ?? "", header, measurements.segmentation)
    result.set(.currentRequestedProcedureEvidenceSequence, items: [evidence])
    if let replaced = header.replaced {
      // The report that this one amends (PS3.3 section C.17.2).
      let series = Self.series(replaced.seriesInstanceUID.string, replaced.reference.item)
      result.set(
        .predecessorDocumentsSequence, items: [Self.study(replaced.studyInstanceUID.string, [series])])
    }

    let sourceUID = header.source.sopInstanceUID
    let groups = MeasurementGroups(measurements: measurements, source: header.instanceReference) {
      identity.uid("tracking \($0)", source: sourceUID)
    }
    let library = Self.library(of: source, header.instanceReference)
    ContentItem(
      .contains, .imagingMeasurementReport, .container(template: "1500"),
      children: Self.context(equipment) + [
        ContentItem(.hasConceptModifier, .procedureReported, .code(.plainChestXRay)), library,
        ContentItem(
          .contains, .imagingMeasurements, .container(template: nil), children: groups.items),
      ]
    ).write(into: &result)

    dataSet = result
    sopInstanceUID = header.sopInstanceUID
    seriesInstanceUID = try header.seriesInstanceUID(of: result)
    headerNotes = header.source.notes
  }

  private static func check(_ measurements: Measurements) throws(InvalidObject) {
    guard !measurements.findings.isEmpty else { throw InvalidObject(.contentSequence, "no finding") }
    for finding in measurements.findings where !(0...1).contains(finding.probability) {
      throw InvalidObject(.numericValue, "a probability must be from 0 to 1")
    }
    for area in measurements.regions.compactMap(\.area) where !(area.isFinite && area >= 0) {
      throw InvalidObject(.numericValue, "an area must be a number from 0 on")
    }
    for region in measurements.regions where region.frame < 1 {
      throw InvalidObject(.referencedFrameNumber, "frames are counted from 1")
    }
    for text in [measurements.algorithmName, measurements.algorithmVersion] where text.isEmpty {
      throw InvalidObject(.textValue, "an algorithm needs name and version")
    }
  }

  /// All that the tree refers to, by study and series (PS3.3 section C.17.2.1).
  private static func evidence(
    study: String, _ header: ResultHeader, _ segmentation: ResultReference?
  ) throws(InvalidObject) -> DataSet {
    Self.study(
      study,
      [series(try header.sourceSeries(), header.instanceReference)]
        + (segmentation.map { [series($0.seriesInstanceUID.string, $0.item)] } ?? []))
  }

  /// An item of the Hierarchical SOP Instance Reference Macro (PS3.3 section C.17.2.1).
  private static func study(_ uid: String, _ series: [DataSet]) -> DataSet {
    var study = DataSet()
    study.set(.studyInstanceUID, uid)
    study.set(.referencedSeriesSequence, items: series)
    return study
  }

  private static func series(_ uid: String, _ reference: DataSet) -> DataSet {
    var series = DataSet()
    series.set(.seriesInstanceUID, uid)
    series.set(.referencedSOPSequence, items: [reference])
    return series
  }

  /// Who observed, and in which language it is said (TID 1204, 1001, 1004).
  private static func context(_ equipment: Equipment) -> [ContentItem] {
    let device = UID.derived(from: [
      "device", equipment.manufacturer, equipment.modelName, equipment.serialNumber,
    ])
    return [
      ContentItem(.hasConceptModifier, .language, .code(.english)),
      ContentItem(.hasObservationContext, .observerType, .code(.device)),
      ContentItem(.hasObservationContext, .deviceObserverUID, .uid(device)),
      ContentItem(.hasObservationContext, .deviceObserverName, .text(equipment.modelName)),
      ContentItem(.hasObservationContext, .deviceObserverManufacturer, .text(equipment.manufacturer)),
      ContentItem(.hasObservationContext, .deviceObserverModelName, .text(equipment.modelName)),
      ContentItem(.hasObservationContext, .deviceObserverSerialNumber, .text(equipment.serialNumber)),
    ]
  }

  /// The image that was measured, and what it is (TID 1600 to 1602).
  private static func library(of source: DataSet, _ reference: DataSet) -> ContentItem {
    var descriptors: [ContentItem] = []
    if let modality = CodedConcept(modality: source.code(.modality)) {
      descriptors.append(ContentItem(.hasAcquisitionContext, .modality, .code(modality)))
    }
    if let date = source.string(.studyDate).flatMap({ DateShape.date($0) }) {
      descriptors.append(ContentItem(.hasAcquisitionContext, .studyDate, .date(date)))
    }
    let image = ContentItem(.contains, nil, .image(reference, frame: nil), children: descriptors)
    let group = ContentItem(
      .contains, .imageLibraryGroup, .container(template: nil), children: [image])
    return ContentItem(.contains, .imageLibrary, .container(template: "1600"), children: [group])
  }
}
