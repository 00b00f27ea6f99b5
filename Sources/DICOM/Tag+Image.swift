// Image, LUT and presentation attributes (PS3.3 C.7.6, C.11).
extension Tag {
  /// Image Type (0008,0008), VR CS.
  public static let imageType = Tag(0x0008, 0x0008)
  /// Samples per Pixel (0028,0002), VR US.
  public static let samplesPerPixel = Tag(0x0028, 0x0002)
  /// Photometric Interpretation (0028,0004), VR CS.
  public static let photometricInterpretation = Tag(0x0028, 0x0004)
  /// Planar Configuration (0028,0006), VR US.
  public static let planarConfiguration = Tag(0x0028, 0x0006)
  /// Number of Frames (0028,0008), VR IS.
  public static let numberOfFrames = Tag(0x0028, 0x0008)
  /// Frame Increment Pointer (0028,0009), VR AT.
  public static let frameIncrementPointer = Tag(0x0028, 0x0009)
  /// Rows (0028,0010), VR US.
  public static let rows = Tag(0x0028, 0x0010)
  /// Columns (0028,0011), VR US.
  public static let columns = Tag(0x0028, 0x0011)
  /// Pixel Spacing (0028,0030), VR DS.
  public static let pixelSpacing = Tag(0x0028, 0x0030)
  /// Pixel Aspect Ratio (0028,0034), VR IS.
  public static let pixelAspectRatio = Tag(0x0028, 0x0034)
  /// Pixel Spacing Calibration Type (0028,0A02), VR CS.
  public static let pixelSpacingCalibrationType = Tag(0x0028, 0x0A02)
  /// Pixel Spacing Calibration Description (0028,0A04), VR LO.
  public static let pixelSpacingCalibrationDescription = Tag(0x0028, 0x0A04)
  /// Nominal Scanned Pixel Spacing (0018,2010), VR DS.
  public static let nominalScannedPixelSpacing = Tag(0x0018, 0x2010)
  /// Bits Allocated (0028,0100), VR US.
  public static let bitsAllocated = Tag(0x0028, 0x0100)
  /// Bits Stored (0028,0101), VR US.
  public static let bitsStored = Tag(0x0028, 0x0101)
  /// High Bit (0028,0102), VR US.
  public static let highBit = Tag(0x0028, 0x0102)
  /// Pixel Representation (0028,0103), VR US.
  public static let pixelRepresentation = Tag(0x0028, 0x0103)
  /// Smallest Image Pixel Value (0028,0106), VR US or SS.
  public static let smallestImagePixelValue = Tag(0x0028, 0x0106)
  /// Largest Image Pixel Value (0028,0107), VR US or SS.
  public static let largestImagePixelValue = Tag(0x0028, 0x0107)
  /// Pixel Padding Value (0028,0120), VR US or SS.
  public static let pixelPaddingValue = Tag(0x0028, 0x0120)
  /// Pixel Padding Range Limit (0028,0121), VR US or SS.
  public static let pixelPaddingRangeLimit = Tag(0x0028, 0x0121)
  /// Pixel Intensity Relationship (0028,1040), VR CS.
  public static let pixelIntensityRelationship = Tag(0x0028, 0x1040)
  /// Pixel Intensity Relationship Sign (0028,1041), VR SS.
  public static let pixelIntensityRelationshipSign = Tag(0x0028, 0x1041)
  /// Window Center (0028,1050), VR DS.
  public static let windowCenter = Tag(0x0028, 0x1050)
  /// Window Width (0028,1051), VR DS.
  public static let windowWidth = Tag(0x0028, 0x1051)
  /// Window Center & Width Explanation (0028,1055), VR LO.
  public static let windowCenterWidthExplanation = Tag(0x0028, 0x1055)
  /// VOI LUT Function (0028,1056), VR CS.
  public static let voiLUTFunction = Tag(0x0028, 0x1056)
  /// VOI LUT Sequence (0028,3010), VR SQ.
  public static let voiLUTSequence = Tag(0x0028, 0x3010)
  /// Rescale Intercept (0028,1052), VR DS.
  public static let rescaleIntercept = Tag(0x0028, 0x1052)
  /// Rescale Slope (0028,1053), VR DS.
  public static let rescaleSlope = Tag(0x0028, 0x1053)
  /// Rescale Type (0028,1054), VR LO.
  public static let rescaleType = Tag(0x0028, 0x1054)
  /// Modality LUT Sequence (0028,3000), VR SQ.
  public static let modalityLUTSequence = Tag(0x0028, 0x3000)
  /// Modality LUT Type (0028,3004), VR LO.
  public static let modalityLUTType = Tag(0x0028, 0x3004)
  /// LUT Descriptor (0028,3002), VR US or SS.
  public static let lutDescriptor = Tag(0x0028, 0x3002)
  /// LUT Explanation (0028,3003), VR LO.
  public static let lutExplanation = Tag(0x0028, 0x3003)
  /// LUT Data (0028,3006), VR US or OW.
  public static let lutData = Tag(0x0028, 0x3006)
  /// Presentation LUT Shape (2050,0020), VR CS.
  public static let presentationLUTShape = Tag(0x2050, 0x0020)
  /// Presentation LUT Sequence (2050,0010), VR SQ.
  public static let presentationLUTSequence = Tag(0x2050, 0x0010)
  /// Lossy Image Compression (0028,2110), VR CS.
  public static let lossyImageCompression = Tag(0x0028, 0x2110)
  /// Lossy Image Compression Ratio (0028,2112), VR DS.
  public static let lossyImageCompressionRatio = Tag(0x0028, 0x2112)
  /// Lossy Image Compression Method (0028,2114), VR CS.
  public static let lossyImageCompressionMethod = Tag(0x0028, 0x2114)
  /// Pixel Data (7FE0,0010), VR OB or OW.
  public static let pixelData = Tag(0x7FE0, 0x0010)
  /// Frame Time (0018,1063), VR DS.
  public static let frameTime = Tag(0x0018, 0x1063)
  /// Page Number Vector (0018,2001), VR IS.
  public static let pageNumberVector = Tag(0x0018, 0x2001)
}
