/// The rules for each class of object that this program makes of a radiograph: attributes of types 1 and 2, and of 1C
/// and 2C where their condition is met by all that is made here.
enum ObjectRules {
  /// Nil for a class that no result has.
  static func rules(for sopClass: UID) -> [ObjectRule]? { byClass[sopClass].map { common + $0 } }

  private static let byClass: [UID: [ObjectRule]] = [
    .secondaryCaptureImageStorage: image + secondaryCapture,
    .multiframeTrueColorSecondaryCaptureImageStorage: image + secondaryCapture + [
      .value(.numberOfFrames), .value(.frameIncrementPointer), .oneOf(.burnedInAnnotation, ["YES", "NO"]),
    ],
    .segmentationStorage: image + segmentation,
    .comprehensive3DSRStorage: report,
    .grayscaleSoftcopyPresentationStateStorage: presentation,
  ]

  /// Patient, General Study, General Series, General Equipment, SOP Common (PS3.3 sections C.7.1 to C.7.5, C.12.1).
  private static let common: [ObjectRule] = [
    .present(.patientName), .present(.patientID), .present(.patientBirthDate), .present(.patientSex),
    .value(.studyInstanceUID), .present(.studyDate), .present(.studyTime), .present(.referringPhysicianName),
    .present(.studyID), .present(.accessionNumber),
    .value(.modality), .value(.seriesInstanceUID), .value(.seriesNumber), .value(.seriesDescription),
    .value(.instanceNumber),
    .value(.manufacturer), .value(.manufacturerModelName), .value(.deviceSerialNumber),
    .value(.softwareVersions), .value(.sopClassUID), .value(.sopInstanceUID),
    .items(
      .contributingEquipmentSequence,
      [.value(.manufacturer), .items(.purposeOfReferenceCodeSequence, ObjectRule.code)]),
    .itemsIfAny(
      .requestAttributesSequence, [.value(.requestedProcedureID), .value(.scheduledProcedureStepID)]),
    // Nothing that was measured when the source was taken holds for a result.
    .never(.kvp), .never(.exposure), .never(.exposureTime), .never(.detectorType),
    .never(.frameOfReferenceUID),
  ]

  /// General Image and Image Pixel (sections C.7.6.1, C.7.6.3).
  private static let image: [ObjectRule] = [
    .present(.patientOrientation), .value(.contentDate), .value(.contentTime),
    .oneOf(.lossyImageCompression, ["00", "01"]), .value(.derivationDescription),
    .items(
      .sourceImageSequence,
      ObjectRule.reference + [.items(.purposeOfReferenceCodeSequence, ObjectRule.code)]),
    .itemsIfAny(
      .referencedImageSequence,
      ObjectRule.reference + [.items(.purposeOfReferenceCodeSequence, ObjectRule.code)]),
    .value(.samplesPerPixel), .value(.photometricInterpretation), .value(.rows), .value(.columns),
    .value(.bitsAllocated), .value(.bitsStored), .value(.highBit), .value(.pixelRepresentation),
  ]

  /// Section C.8.6.
  private static let secondaryCapture: [ObjectRule] = [
    .oneOf(.modality, ["OT"]), .oneOf(.conversionType, ["WSD"]), .oneOf(.imageType, ["DERIVED"]),
    .oneOf(.photometricInterpretation, ["RGB"]), .oneOf(.planarConfiguration, ["0"]),
    .oneOf(.samplesPerPixel, ["3"]),
  ]

  /// Sections C.8.20, C.7.6.16 and C.7.6.17.
  private static let segmentation: [ObjectRule] = [
    .oneOf(.modality, ["SEG"]), .oneOf(.imageType, ["DERIVED"]), .value(.contentLabel),
    .present(.contentDescription), .present(.contentCreatorName), .oneOf(.segmentationType, ["BINARY"]),
    .oneOf(.bitsAllocated, ["1"]), .oneOf(.bitsStored, ["1"]), .oneOf(.highBit, ["0"]),
    .value(.numberOfFrames),
    .items(
      .segmentSequence,
      [
        .value(.segmentNumber), .value(.segmentLabel),
        .oneOf(.segmentAlgorithmType, ["AUTOMATIC", "SEMIAUTOMATIC", "MANUAL"]),
        .valueUnless(.segmentAlgorithmType, is: "MANUAL", .segmentAlgorithmName),
        .items(.segmentedPropertyCategoryCodeSequence, ObjectRule.code),
        .items(.segmentedPropertyTypeCodeSequence, ObjectRule.code),
      ]),
    .items(
      .referencedSeriesSequence,
      [.value(.seriesInstanceUID), .items(.referencedInstanceSequence, ObjectRule.reference)]),
    .items(.dimensionOrganizationSequence, [.value(.dimensionOrganizationUID)]),
    .items(.dimensionIndexSequence, [.value(.dimensionIndexPointer), .value(.dimensionOrganizationUID)]),
    .items(.sharedFunctionalGroupsSequence, []),
    .items(
      .perFrameFunctionalGroupsSequence,
      [
        .items(.frameContentSequence, [.value(.dimensionIndexValues)]),
        .items(.segmentIdentificationSequence, [.value(.referencedSegmentNumber)]),
        .items(
          .derivationImageSequence,
          [
            .items(.derivationCodeSequence, ObjectRule.code),
            .items(
              .sourceImageSequence,
              ObjectRule.reference + [.items(.purposeOfReferenceCodeSequence, ObjectRule.code)]),
          ]),
      ]),
  ]

  /// Section C.17.
  private static let report: [ObjectRule] = [
    .oneOf(.modality, ["SR"]), .present(.referencedPerformedProcedureStepSequence), .value(.contentDate),
    .value(.contentTime), .oneOf(.completionFlag, ["COMPLETE"]), .oneOf(.verificationFlag, ["UNVERIFIED"]),
    .oneOf(.preliminaryFlag, ["PRELIMINARY"]), .present(.performedProcedureCodeSequence),
    .oneOf(.valueType, ["CONTAINER"]),
    .oneOf(.continuityOfContent, ["SEPARATE"]), .items(.conceptNameCodeSequence, ObjectRule.code),
    .items(.contentTemplateSequence, [.value(.mappingResource), .value(.templateIdentifier)]),
    .items(
      .currentRequestedProcedureEvidenceSequence,
      [
        .value(.studyInstanceUID),
        .items(
          .referencedSeriesSequence,
          [.value(.seriesInstanceUID), .items(.referencedSOPSequence, ObjectRule.reference)]),
      ]),
    .itemsIfAny(
      .predecessorDocumentsSequence,
      [
        .value(.studyInstanceUID),
        .items(
          .referencedSeriesSequence,
          [.value(.seriesInstanceUID), .items(.referencedSOPSequence, ObjectRule.reference)]),
      ]),
    .items(.contentSequence, [.value(.relationshipType), .value(.valueType)]),
    .itemsIfAny(
      .referencedRequestSequence,
      [
        .value(.studyInstanceUID), .present(.referencedStudySequence), .present(.accessionNumber),
        .present(.placerOrderNumber), .present(.fillerOrderNumber), .present(.requestedProcedureID),
        .present(.requestedProcedureDescription), .present(.requestedProcedureCodeSequence),
      ]),
  ]

  /// Sections C.10.4 to C.10.7, C.11.9 to C.11.11.
  private static let presentation: [ObjectRule] = [
    .oneOf(.modality, ["PR"]), .value(.presentationCreationDate), .value(.presentationCreationTime),
    .value(.contentLabel), .present(.contentDescription), .present(.contentCreatorName),
    .items(
      .referencedSeriesSequence,
      [.value(.seriesInstanceUID), .items(.referencedImageSequence, ObjectRule.reference)]),
    .items(
      .displayedAreaSelectionSequence,
      [
        .value(.displayedAreaTopLeftHandCorner), .value(.displayedAreaBottomRightHandCorner),
        .oneOf(.presentationSizeMode, ["SCALE TO FIT"]), .value(.presentationPixelAspectRatio),
      ]),
    .items(
      .graphicAnnotationSequence,
      [
        .items(.referencedImageSequence, ObjectRule.reference), .value(.graphicLayer),
        .itemsIfAny(
          .graphicObjectSequence,
          [
            .oneOf(.graphicAnnotationUnits, ["PIXEL"]), .oneOf(.graphicDimensions, ["2"]),
            .value(.numberOfGraphicPoints), .value(.graphicData), .value(.graphicType),
            .value(.graphicFilled),
          ]),
        .items(.textObjectSequence, [.value(.boundingBoxAnnotationUnits), .value(.unformattedTextValue)]),
      ]),
    .items(.graphicLayerSequence, [.value(.graphicLayer), .value(.graphicLayerOrder)]),
    .items(.softcopyVOILUTSequence, []), .oneOf(.presentationLUTShape, ["IDENTITY", "INVERSE"]),
    .oneOf(.imageHorizontalFlip, ["Y", "N"]), .oneOf(.imageRotation, ["0", "90", "180", "270"]),
  ]
}
