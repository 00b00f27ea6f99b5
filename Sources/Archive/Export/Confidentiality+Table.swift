internal import DICOM
internal import Radiography

/// Which attribute stays, and how. What isn't named is taken out: all names, dates and places, comments and descriptions,
/// overlays, private attributes, and whatever a later edition of the standard adds.
extension Confidentiality {
  static let actions: [Tag: Action] = {
    var actions: [Tag: Action] = [:]
    for tag in kept + Array(names) { actions[tag] = .keep }
    for tag in [Tag.modalityLUTSequence, .voiLUTSequence] { actions[tag] = .clean }
    for tag in [Tag.sopInstanceUID, .studyInstanceUID, .seriesInstanceUID] { actions[tag] = .replaceUID }
    for tag in required + emptied { actions[tag] = .empty }
    actions[.deviceSerialNumber] = .dummy
    return actions
  }()

  /// With the option to retain patient characteristics (PS3.15 section E.3.7): K.
  static let characteristics: [Tag: Action] = Dictionary(
    uniqueKeysWithValues: [Tag.patientSex, .patientAge, .patientSize, .patientWeight].map { ($0, .keep) })

  /// Type 2 in every radiograph: Z, and there if the source left them out.
  static let required: [Tag] = [
    .studyDate, .studyTime, .accessionNumber, .referringPhysicianName, .studyID, .patientBirthDate,
    .patientSex,
  ]

  /// Type 2 in some: Z.
  private static let emptied: [Tag] = [
    .acquisitionNumber, .contentDate, .contentTime, .acquisitionContextSequence,
  ]

  /// Words of the maker, which the profile's table lets stay.
  static let names: Set<Tag> = [.manufacturer, .manufacturerModelName, .softwareVersions]

  private static let kept: [Tag] = [
    // What kind of object it is.
    .imageType, .sopClassUID, .modality, .conversionType, .presentationIntentType, .seriesNumber,
    .instanceNumber,
    // What is seen, from where.
    .bodyPartExamined, .viewPosition, .patientOrientation, .laterality, .imageLaterality, .burnedInAnnotation,
    .positionerType, .detectorType,
    // The technique.
    .kvp, .xRayTubeCurrent, .exposureTime, .exposure, .distanceSourceToDetector, .distanceSourceToPatient,
    .exposureIndex, .imagerPixelSpacing, .estimatedRadiographicMagnificationFactor, .relativeXRayExposure,
    .grid, .fieldOfViewShape,
    // The picture.
    .samplesPerPixel, .photometricInterpretation, .rows, .columns, .pixelSpacing, .pixelAspectRatio,
    .pixelSpacingCalibrationType, .nominalScannedPixelSpacing, .bitsAllocated, .bitsStored, .highBit,
    .pixelRepresentation, .smallestImagePixelValue, .largestImagePixelValue, .pixelPaddingValue,
    .pixelPaddingRangeLimit, .pixelIntensityRelationship, .pixelIntensityRelationshipSign,
    .lossyImageCompression, .lossyImageCompressionRatio, .lossyImageCompressionMethod,
    // How it is shown.
    .windowCenter, .windowWidth, .voiLUTFunction, .rescaleIntercept, .rescaleSlope, .rescaleType,
    .modalityLUTType, .lutDescriptor, .lutData, .presentationLUTShape, .shutterShape,
    .shutterLeftVerticalEdge, .shutterRightVerticalEdge, .shutterUpperHorizontalEdge,
    .shutterLowerHorizontalEdge, .centerOfCircularShutter, .radiusOfCircularShutter,
    .verticesOfThePolygonalShutter, .shutterPresentationValue,
  ]

  // MARK: Codes

  /// Part of the body and view again, as codes of our own: an item of the source may hold more than its code.
  func setAnatomy(of source: DataSet, in result: inout DataSet) {
    if source.contains(.anatomicRegionSequence) {
      result.set(.anatomicRegionSequence, items: [CodedConcept.chest.item])
    }
    let code = source.items(.viewCodeSequence).first.flatMap { CodedConcept($0) }
    if let view = code.flatMap({ Self.views[$0] }) {
      var item = view.item
      item.set(Self.viewModifiers, items: [])
      result.set(.viewCodeSequence, items: [item])
    }
    // What only a description said, or an attribute in words of its own.
    if Eligibility.isUnstated(result), !Eligibility.isUnstated(source) {
      result.set(.bodyPartExamined, "CHEST")
    }
  }

  /// View Modifier Code Sequence, type 2 in an item of View Code Sequence.
  private static let viewModifiers = Tag(0x0054, 0x0222)
  /// What others call the two views, and what they are called here (PS3.16 CID 4010).
  private static let views: [CodedConcept: CodedConcept] = {
    let back = CodedConcept("272479007", "SCT", "postero-anterior")
    let front = CodedConcept("399348003", "SCT", "antero-posterior")
    var views = [back: back, front: front]
    for scheme in ["SRT", "SNM3"] {
      views[CodedConcept("R-10214", scheme, "")] = back
      views[CodedConcept("R-10206", scheme, "")] = front
    }
    return views
  }()
}
