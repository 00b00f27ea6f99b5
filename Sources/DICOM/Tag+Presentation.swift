// Presentation states and display (PS3.3 C.7.6.11, C.10, C.11).
extension Tag {
  /// Presentation Creation Date (0070,0082), VR DA.
  public static let presentationCreationDate = Tag(0x0070, 0x0082)
  /// Presentation Creation Time (0070,0083), VR TM.
  public static let presentationCreationTime = Tag(0x0070, 0x0083)
  /// Displayed Area Selection Sequence (0070,005A), VR SQ.
  public static let displayedAreaSelectionSequence = Tag(0x0070, 0x005A)
  /// Displayed Area Top Left Hand Corner (0070,0052), VR SL.
  public static let displayedAreaTopLeftHandCorner = Tag(0x0070, 0x0052)
  /// Displayed Area Bottom Right Hand Corner (0070,0053), VR SL.
  public static let displayedAreaBottomRightHandCorner = Tag(0x0070, 0x0053)
  /// Presentation Size Mode (0070,0100), VR CS.
  public static let presentationSizeMode = Tag(0x0070, 0x0100)
  /// Presentation Pixel Aspect Ratio (0070,0102), VR IS.
  public static let presentationPixelAspectRatio = Tag(0x0070, 0x0102)
  /// Graphic Annotation Sequence (0070,0001), VR SQ.
  public static let graphicAnnotationSequence = Tag(0x0070, 0x0001)
  /// Graphic Layer (0070,0002), VR CS.
  public static let graphicLayer = Tag(0x0070, 0x0002)
  /// Bounding Box Annotation Units (0070,0003), VR CS.
  public static let boundingBoxAnnotationUnits = Tag(0x0070, 0x0003)
  /// Graphic Annotation Units (0070,0005), VR CS.
  public static let graphicAnnotationUnits = Tag(0x0070, 0x0005)
  /// Unformatted Text Value (0070,0006), VR ST.
  public static let unformattedTextValue = Tag(0x0070, 0x0006)
  /// Text Object Sequence (0070,0008), VR SQ.
  public static let textObjectSequence = Tag(0x0070, 0x0008)
  /// Graphic Object Sequence (0070,0009), VR SQ.
  public static let graphicObjectSequence = Tag(0x0070, 0x0009)
  /// Bounding Box Top Left Hand Corner (0070,0010), VR FL.
  public static let boundingBoxTopLeftHandCorner = Tag(0x0070, 0x0010)
  /// Bounding Box Bottom Right Hand Corner (0070,0011), VR FL.
  public static let boundingBoxBottomRightHandCorner = Tag(0x0070, 0x0011)
  /// Bounding Box Text Horizontal Justification (0070,0012), VR CS.
  public static let boundingBoxTextHorizontalJustification = Tag(0x0070, 0x0012)
  /// Graphic Dimensions (0070,0020), VR US.
  public static let graphicDimensions = Tag(0x0070, 0x0020)
  /// Number of Graphic Points (0070,0021), VR US.
  public static let numberOfGraphicPoints = Tag(0x0070, 0x0021)
  /// Graphic Data (0070,0022), VR FL.
  public static let graphicData = Tag(0x0070, 0x0022)
  /// Graphic Type (0070,0023), VR CS.
  public static let graphicType = Tag(0x0070, 0x0023)
  /// Graphic Filled (0070,0024), VR CS.
  public static let graphicFilled = Tag(0x0070, 0x0024)
  /// Image Horizontal Flip (0070,0041), VR CS.
  public static let imageHorizontalFlip = Tag(0x0070, 0x0041)
  /// Image Rotation (0070,0042), VR US.
  public static let imageRotation = Tag(0x0070, 0x0042)
  /// Graphic Layer Sequence (0070,0060), VR SQ.
  public static let graphicLayerSequence = Tag(0x0070, 0x0060)
  /// Graphic Layer Order (0070,0062), VR IS.
  public static let graphicLayerOrder = Tag(0x0070, 0x0062)
  /// Graphic Layer Recommended Display Grayscale Value (0070,0066), VR US.
  public static let graphicLayerRecommendedDisplayGrayscaleValue = Tag(0x0070, 0x0066)
  /// Graphic Layer Recommended Display CIELab Value (0070,0401), VR US.
  public static let graphicLayerRecommendedDisplayCIELabValue = Tag(0x0070, 0x0401)
  /// Graphic Layer Description (0070,0068), VR LO.
  public static let graphicLayerDescription = Tag(0x0070, 0x0068)
  /// Softcopy VOI LUT Sequence (0028,3110), VR SQ.
  public static let softcopyVOILUTSequence = Tag(0x0028, 0x3110)
  /// Shutter Shape (0018,1600), VR CS.
  public static let shutterShape = Tag(0x0018, 0x1600)
  /// Shutter Left Vertical Edge (0018,1602), VR IS.
  public static let shutterLeftVerticalEdge = Tag(0x0018, 0x1602)
  /// Shutter Right Vertical Edge (0018,1604), VR IS.
  public static let shutterRightVerticalEdge = Tag(0x0018, 0x1604)
  /// Shutter Upper Horizontal Edge (0018,1606), VR IS.
  public static let shutterUpperHorizontalEdge = Tag(0x0018, 0x1606)
  /// Shutter Lower Horizontal Edge (0018,1608), VR IS.
  public static let shutterLowerHorizontalEdge = Tag(0x0018, 0x1608)
  /// Center of Circular Shutter (0018,1610), VR IS.
  public static let centerOfCircularShutter = Tag(0x0018, 0x1610)
  /// Radius of Circular Shutter (0018,1612), VR IS.
  public static let radiusOfCircularShutter = Tag(0x0018, 0x1612)
  /// Vertices of the Polygonal Shutter (0018,1620), VR IS.
  public static let verticesOfThePolygonalShutter = Tag(0x0018, 0x1620)
  /// Shutter Presentation Value (0018,1622), VR US.
  public static let shutterPresentationValue = Tag(0x0018, 0x1622)
}
