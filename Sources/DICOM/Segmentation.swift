public import FoundationEssentials

/// Binary masks on a radiograph as a Segmentation (PS3.3 sections A.51 and C.8.20), one frame for each segment.
public struct Segmentation: ResultObject {
  public struct Segment: Sendable, Equatable {
    /// Who drew it: Segment Algorithm Type (0062,0008).
    public enum Algorithm: String, Sendable {
      case automatic = "AUTOMATIC"
      case semiautomatic = "SEMIAUTOMATIC"
      case manual = "MANUAL"
    }

    public let label: String
    public let category: CodedConcept
    public let type: CodedConcept
    public let modifiers: [CodedConcept]
    public let algorithm: Algorithm
    /// 1 inside, 0 outside; rows x columns of the source, row-major.
    public let mask: [UInt8]

    public init(
      label: String, category: CodedConcept = .anatomicalStructure, type: CodedConcept,
      modifiers: [CodedConcept] = [], algorithm: Algorithm = .automatic, mask: [UInt8]
    ) {
      self.label = label
      self.category = category
      self.type = type
      self.modifiers = modifiers
      self.algorithm = algorithm
      self.mask = mask
    }
  }

  /// Everything but the pixels.
  public let dataSet: DataSet
  public let sopInstanceUID: UID
  public let seriesInstanceUID: UID
  public let rows: Int
  public let columns: Int
  public let segments: [Segment]
  /// SOP Instance UIDs of the images that the masks lie on.
  public let referencedSOPInstanceUIDs: [UID]
  /// Which identifying values of the source had to be changed, and how; empty for one that was read.
  public let headerNotes: [HeaderNote]

  init(
    dataSet: DataSet, sopInstanceUID: UID, seriesInstanceUID: UID, rows: Int, columns: Int,
    segments: [Segment],
    referencedSOPInstanceUIDs: [UID], headerNotes: [HeaderNote] = []
  ) {
    self.dataSet = dataSet
    self.sopInstanceUID = sopInstanceUID
    self.seriesInstanceUID = seriesInstanceUID
    self.rows = rows
    self.columns = columns
    self.segments = segments
    self.referencedSOPInstanceUIDs = referencedSOPInstanceUIDs
    self.headerNotes = headerNotes
  }

  /// Makes the object, or says why it would be invalid.
  ///
  /// - Parameters:
  ///   - source: The radiograph that the masks lie on; patient and study are copied, in a valid shape
  ///     (`headerNotes`). It has no frame of reference, so none is written.
  ///   - segments: One or more, numbered from 1 in this order; each mask covers the source's rows and columns.
  ///   - contentLabel: A code string, 1 to 16 of A-Z, 0-9, space and underscore.
  ///   - seriesDescription: 1 to 64 characters, into which "research use only, not for diagnosis" must fit unless it
  ///     says so already.
  ///   - algorithmName: Of the algorithm that made the segments, 1 to 64 characters; not said of those that are drawn by
  ///     hand.
  ///   - instanceNumber: In the series, which the segmentations of all images of the study share.
  ///   - sourceIsLossy: The source's transfer syntax is lossy even where its attributes don't say so.
  ///   - sourceCompression: The same with ratio and method (`DICOMFile.lossyCompression`).
  public init(
    of source: DataSet, segments: [Segment], equipment: Equipment, identity: ResultIdentity,
    contentLabel: String = "SEGMENTATION", seriesDescription: String, derivationDescription: String,
    algorithmName: String, seriesNumber: Int = 9002, instanceNumber: Int = 1, sourceIsLossy: Bool = false,
    sourceCompression: LossyCompression? = nil, createdAt: Date, timeZone: TimeZone = .current
  ) throws(InvalidObject) {
    guard let rows = source.integer(.rows), let columns = source.integer(.columns), rows > 0, columns > 0
    else {
      throw InvalidObject(.rows, "the source has no rows and columns")
    }
    try Self.check(segments, pixels: rows * columns, algorithmName: algorithmName, contentLabel: contentLabel)
    let header = try ResultHeader(
      of: source, equipment: equipment, identity: identity, createdAt: createdAt, timeZone: timeZone)
    let sourceSeries = try header.sourceSeries()
    var result = try header.dataSet(
      ResultHeader.Kind(
        sopClass: .segmentationStorage, modality: "SEG", seriesNumber: seriesNumber,
        seriesDescription: ResultHeader.marked(seriesDescription), instanceNumber: instanceNumber))
    try header.setImage(derivationDescription: derivationDescription, in: &result)

    var series = [Self.series(sourceSeries, header.instanceReference)]
    if let replaced = header.replaced {
      let other = Self.series(replaced.seriesInstanceUID.string, replaced.reference.item)
      if replaced.studyInstanceUID == result.uid(.studyInstanceUID) {
        series.append(other)
      } else {
        // A corrected header may have moved the source to another study.
        var study = DataSet()
        study.set(.studyInstanceUID, replaced.studyInstanceUID)
        study.set(.referencedSeriesSequence, items: [other])
        result.set(.studiesContainingOtherReferencedInstancesSequence, items: [study])
      }
    }
    result.set(.referencedSeriesSequence, items: series)

    result.set(.imageType, ["DERIVED", "PRIMARY"])
    result.set(.contentLabel, contentLabel)
    result.setEmpty(.contentDescription)
    result.setEmpty(.contentCreatorName)
    let compression =
      sourceCompression ?? LossyCompression(of: source)
      ?? (sourceIsLossy ? LossyCompression(ratios: [], methods: []) : nil)
    if let compression {
      compression.state(in: &result)
    } else {
      result.set(.lossyImageCompression, "00")
    }
    // A mask shows nothing that was burned into the source.
    result.set(.burnedInAnnotation, "NO")
    Self.setPixelModule(rows: rows, columns: columns, frames: segments.count, in: &result)
    result.set(.segmentationType, "BINARY")
    result.set(.segmentsOverlap, Self.overlap(segments) ? "YES" : "NO")
    let versions = equipment.softwareVersions.joined(separator: " ")
    let version = ValueRule.isValid(versions, .LO) ? versions : equipment.softwareVersions[0]
    result.set(
      .segmentSequence,
      items: segments.enumerated().map { index, segment in
        Self.item(segment, number: index + 1, algorithmName: algorithmName, algorithmVersion: version)
      })
    let dimensions = identity.uid("dimensions", source: header.source.sopInstanceUID)
    SegmentationFrames.set(
      count: segments.count, source: header.sourceReference, dimensions: dimensions, in: &result)

    try self.init(
      dataSet: result, sopInstanceUID: header.sopInstanceUID,
      seriesInstanceUID: header.seriesInstanceUID(of: result),
      rows: rows, columns: columns, segments: segments,
      referencedSOPInstanceUIDs: [header.source.sopInstanceUID], headerNotes: header.source.notes)
  }

  /// For who refers to it.
  public var reference: ResultReference {
    ResultReference(
      sopClassUID: .segmentationStorage, sopInstanceUID: sopInstanceUID, seriesInstanceUID: seriesInstanceUID)
  }

  public var pixels: PixelData? { .bits(frames: segments.map(\.mask)) }

  private static func check(
    _ segments: [Segment], pixels: Int, algorithmName: String, contentLabel: String
  ) throws(InvalidObject) {
    func isLine(_ text: String) -> Bool { !text.isEmpty && ValueRule.isValid(text, .LO) }
    guard !segments.isEmpty, segments.count <= 65535 else {
      throw InvalidObject(.segmentSequence, "no segment, or more than 65535")
    }
    guard isLine(algorithmName) else {
      throw InvalidObject(.segmentAlgorithmName, "must be 1 to 64 characters")
    }
    guard !contentLabel.isEmpty, ValueRule.isValid(contentLabel, .CS) else {
      throw InvalidObject(.contentLabel, "must be 1 to 16 of A-Z, 0-9, space and underscore")
    }
    for segment in segments {
      guard isLine(segment.label) else { throw InvalidObject(.segmentLabel, "must be 1 to 64 characters") }
      guard segment.mask.count == pixels else {
        throw InvalidObject(.pixelData, "mask of another size than the source")
      }
      for code in [segment.category, segment.type] + segment.modifiers
      where code.value.isEmpty || code.scheme.isEmpty || !isLine(code.meaning) {
        throw InvalidObject(.segmentedPropertyTypeCodeSequence, "incomplete code")
      }
    }
  }

  /// An item of the Common Instance Reference module (PS3.3 section C.12.2).
  private static func series(_ uid: String, _ reference: DataSet) -> DataSet {
    var series = DataSet()
    series.set(.seriesInstanceUID, uid)
    series.set(.referencedInstanceSequence, items: [reference])
    return series
  }

  private static func setPixelModule(rows: Int, columns: Int, frames: Int, in result: inout DataSet) {
    result.set(.samplesPerPixel, 1)
    result.set(.photometricInterpretation, "MONOCHROME2")
    result.set(.rows, rows)
    result.set(.columns, columns)
    result.set(.numberOfFrames, frames)
    result.set(.bitsAllocated, 1)
    result.set(.bitsStored, 1)
    result.set(.highBit, 0)
    result.set(.pixelRepresentation, 0)
  }

  private static func overlap(_ segments: [Segment]) -> Bool {
    guard var union = segments.first?.mask else { return false }
    for segment in segments.dropFirst() {
      for (index, value) in segment.mask.enumerated() where value != 0 {
        if union[index] != 0 { return true }
        union[index] = 1
      }
    }
    return false
  }

  private static func item(
    _ segment: Segment, number: Int, algorithmName: String, algorithmVersion: String
  ) -> DataSet {
    var item = DataSet()
    item.set(.segmentNumber, number)
    item.set(.segmentLabel, segment.label)
    item.set(.segmentAlgorithmType, segment.algorithm.rawValue)
    if segment.algorithm != .manual { item.set(.segmentAlgorithmName, algorithmName) }
    item.set(.segmentedPropertyCategoryCodeSequence, items: [segment.category.item])
    var type = segment.type.item
    if !segment.modifiers.isEmpty {
      type.set(.segmentedPropertyTypeModifierCodeSequence, items: segment.modifiers.map(\.item))
    }
    item.set(.segmentedPropertyTypeCodeSequence, items: [type])
    guard segment.algorithm == .automatic else { return item }
    var algorithm = DataSet()
    algorithm.set(.algorithmFamilyCodeSequence, items: [CodedConcept.artificialIntelligence.item])
    algorithm.set(.algorithmName, algorithmName)
    algorithm.set(.algorithmVersion, algorithmVersion)
    item.set(.segmentationAlgorithmIdentificationSequence, items: [algorithm])
    return item
  }
}
