// Segmentation and multi-frame functional group attributes (PS3.3 C.7.6.16, C.8.20).
extension Tag {
  /// Segmentation Type (0062,0001), VR CS.
  public static let segmentationType = Tag(0x0062, 0x0001)
  /// Segment Sequence (0062,0002), VR SQ.
  public static let segmentSequence = Tag(0x0062, 0x0002)
  /// Segment Number (0062,0004), VR US.
  public static let segmentNumber = Tag(0x0062, 0x0004)
  /// Segment Label (0062,0005), VR LO.
  public static let segmentLabel = Tag(0x0062, 0x0005)
  /// Segment Description (0062,0006), VR ST.
  public static let segmentDescription = Tag(0x0062, 0x0006)
  /// Segment Algorithm Type (0062,0008), VR CS.
  public static let segmentAlgorithmType = Tag(0x0062, 0x0008)
  /// Segment Algorithm Name (0062,0009), VR LO.
  public static let segmentAlgorithmName = Tag(0x0062, 0x0009)
  /// Segmented Property Category Code Sequence (0062,0003), VR SQ.
  public static let segmentedPropertyCategoryCodeSequence = Tag(0x0062, 0x0003)
  /// Segmented Property Type Code Sequence (0062,000F), VR SQ.
  public static let segmentedPropertyTypeCodeSequence = Tag(0x0062, 0x000F)
  /// Segmented Property Type Modifier Code Sequence (0062,0011), VR SQ.
  public static let segmentedPropertyTypeModifierCodeSequence = Tag(0x0062, 0x0011)
  /// Segmentation Algorithm Identification Sequence (0062,0007), VR SQ.
  public static let segmentationAlgorithmIdentificationSequence = Tag(0x0062, 0x0007)
  /// Algorithm Family Code Sequence (0066,002F), VR SQ.
  public static let algorithmFamilyCodeSequence = Tag(0x0066, 0x002F)
  /// Algorithm Name (0066,0036), VR LO.
  public static let algorithmName = Tag(0x0066, 0x0036)
  /// Algorithm Version (0066,0031), VR LO.
  public static let algorithmVersion = Tag(0x0066, 0x0031)
  /// Algorithm Source (0024,0202), VR LO.
  public static let algorithmSource = Tag(0x0024, 0x0202)
  /// Algorithm Parameters (0066,0032), VR LT.
  public static let algorithmParameters = Tag(0x0066, 0x0032)
  /// Segment Identification Sequence (0062,000A), VR SQ.
  public static let segmentIdentificationSequence = Tag(0x0062, 0x000A)
  /// Maximum Fractional Value (0062,000E), VR US.
  public static let maximumFractionalValue = Tag(0x0062, 0x000E)
  /// Segmentation Fractional Type (0062,0010), VR CS.
  public static let segmentationFractionalType = Tag(0x0062, 0x0010)
  /// Segments Overlap (0062,0013), VR CS.
  public static let segmentsOverlap = Tag(0x0062, 0x0013)
  /// Recommended Display CIELab Value (0062,000D), VR US.
  public static let recommendedDisplayCIELabValue = Tag(0x0062, 0x000D)
  /// Tracking ID (0062,0020), VR UT.
  public static let trackingID = Tag(0x0062, 0x0020)
  /// Tracking UID (0062,0021), VR UI.
  public static let trackingUID = Tag(0x0062, 0x0021)
  /// Content Label (0070,0080), VR CS.
  public static let contentLabel = Tag(0x0070, 0x0080)
  /// Content Description (0070,0081), VR LO.
  public static let contentDescription = Tag(0x0070, 0x0081)
  /// Content Creator's Name (0070,0084), VR PN.
  public static let contentCreatorName = Tag(0x0070, 0x0084)
  /// Shared Functional Groups Sequence (5200,9229), VR SQ.
  public static let sharedFunctionalGroupsSequence = Tag(0x5200, 0x9229)
  /// Per-Frame Functional Groups Sequence (5200,9230), VR SQ.
  public static let perFrameFunctionalGroupsSequence = Tag(0x5200, 0x9230)
  /// Frame Content Sequence (0020,9111), VR SQ.
  public static let frameContentSequence = Tag(0x0020, 0x9111)
  /// Dimension Index Values (0020,9157), VR UL.
  public static let dimensionIndexValues = Tag(0x0020, 0x9157)
  /// Dimension Index Sequence (0020,9222), VR SQ.
  public static let dimensionIndexSequence = Tag(0x0020, 0x9222)
  /// Dimension Index Pointer (0020,9165), VR AT.
  public static let dimensionIndexPointer = Tag(0x0020, 0x9165)
  /// Functional Group Pointer (0020,9167), VR AT.
  public static let functionalGroupPointer = Tag(0x0020, 0x9167)
  /// Dimension Organization Sequence (0020,9221), VR SQ.
  public static let dimensionOrganizationSequence = Tag(0x0020, 0x9221)
  /// Dimension Organization UID (0020,9164), VR UI.
  public static let dimensionOrganizationUID = Tag(0x0020, 0x9164)
  /// Dimension Description Label (0020,9421), VR LO.
  public static let dimensionDescriptionLabel = Tag(0x0020, 0x9421)
  /// Dimension Organization Type (0020,9311), VR CS.
  public static let dimensionOrganizationType = Tag(0x0020, 0x9311)
  /// Derivation Image Sequence (0008,9124), VR SQ.
  public static let derivationImageSequence = Tag(0x0008, 0x9124)
  /// Stack ID (0020,9056), VR SH.
  public static let stackID = Tag(0x0020, 0x9056)
  /// In-Stack Position Number (0020,9057), VR UL.
  public static let inStackPositionNumber = Tag(0x0020, 0x9057)
  /// Frame Acquisition Number (0020,9156), VR US.
  public static let frameAcquisitionNumber = Tag(0x0020, 0x9156)
}
