// Equipment, acquisition and provenance attributes (PS3.3 C.7.5, C.8.1, C.8.11, C.12.1).
extension Tag {
  /// Manufacturer (0008,0070), VR LO.
  public static let manufacturer = Tag(0x0008, 0x0070)
  /// Manufacturer's Model Name (0008,1090), VR LO.
  public static let manufacturerModelName = Tag(0x0008, 0x1090)
  /// Device Serial Number (0018,1000), VR LO.
  public static let deviceSerialNumber = Tag(0x0018, 0x1000)
  /// Software Versions (0018,1020), VR LO.
  public static let softwareVersions = Tag(0x0018, 0x1020)
  /// Contributing Equipment Sequence (0018,A001), VR SQ.
  public static let contributingEquipmentSequence = Tag(0x0018, 0xA001)
  /// Contribution DateTime (0018,A002), VR DT.
  public static let contributionDateTime = Tag(0x0018, 0xA002)
  /// Contribution Description (0018,A003), VR ST.
  public static let contributionDescription = Tag(0x0018, 0xA003)
  /// Purpose of Reference Code Sequence (0040,A170), VR SQ.
  public static let purposeOfReferenceCodeSequence = Tag(0x0040, 0xA170)
  /// Code Value (0008,0100), VR SH.
  public static let codeValue = Tag(0x0008, 0x0100)
  /// Coding Scheme Designator (0008,0102), VR SH.
  public static let codingSchemeDesignator = Tag(0x0008, 0x0102)
  /// Coding Scheme Version (0008,0103), VR SH.
  public static let codingSchemeVersion = Tag(0x0008, 0x0103)
  /// Code Meaning (0008,0104), VR LO.
  public static let codeMeaning = Tag(0x0008, 0x0104)
  /// Long Code Value (0008,0119), VR UC.
  public static let longCodeValue = Tag(0x0008, 0x0119)
  /// URN Code Value (0008,0120), VR UR.
  public static let urnCodeValue = Tag(0x0008, 0x0120)
  /// Mapping Resource (0008,0105), VR CS.
  public static let mappingResource = Tag(0x0008, 0x0105)
  /// Context Identifier (0008,010F), VR CS.
  public static let contextIdentifier = Tag(0x0008, 0x010F)
  /// Conversion Type (0008,0064), VR CS.
  public static let conversionType = Tag(0x0008, 0x0064)
  /// Secondary Capture Device Manufacturer (0018,1016), VR LO.
  public static let secondaryCaptureDeviceManufacturer = Tag(0x0018, 0x1016)
  /// Secondary Capture Device Manufacturer's Model Name (0018,1018), VR LO.
  public static let secondaryCaptureDeviceManufacturerModelName = Tag(0x0018, 0x1018)
  /// Secondary Capture Device Software Versions (0018,1019), VR LO.
  public static let secondaryCaptureDeviceSoftwareVersions = Tag(0x0018, 0x1019)
  /// Date of Secondary Capture (0018,1012), VR DA.
  public static let dateOfSecondaryCapture = Tag(0x0018, 0x1012)
  /// Time of Secondary Capture (0018,1014), VR TM.
  public static let timeOfSecondaryCapture = Tag(0x0018, 0x1014)
  /// Derivation Description (0008,2111), VR ST.
  public static let derivationDescription = Tag(0x0008, 0x2111)
  /// Derivation Code Sequence (0008,9215), VR SQ.
  public static let derivationCodeSequence = Tag(0x0008, 0x9215)
  /// Source Image Sequence (0008,2112), VR SQ.
  public static let sourceImageSequence = Tag(0x0008, 0x2112)
  /// Referenced SOP Class UID (0008,1150), VR UI.
  public static let referencedSOPClassUID = Tag(0x0008, 0x1150)
  /// Referenced SOP Instance UID (0008,1155), VR UI.
  public static let referencedSOPInstanceUID = Tag(0x0008, 0x1155)
  /// Referenced Frame Number (0008,1160), VR IS.
  public static let referencedFrameNumber = Tag(0x0008, 0x1160)
  /// Referenced Segment Number (0062,000B), VR US.
  public static let referencedSegmentNumber = Tag(0x0062, 0x000B)
  /// Spatial Locations Preserved (0028,135A), VR CS.
  public static let spatialLocationsPreserved = Tag(0x0028, 0x135A)
  /// Referenced Series Sequence (0008,1115), VR SQ.
  public static let referencedSeriesSequence = Tag(0x0008, 0x1115)
  /// Referenced Instance Sequence (0008,114A), VR SQ.
  public static let referencedInstanceSequence = Tag(0x0008, 0x114A)
  /// Studies Containing Other Referenced Instances Sequence (0008,1200), VR SQ.
  public static let studiesContainingOtherReferencedInstancesSequence = Tag(0x0008, 0x1200)
  /// Referenced Image Sequence (0008,1140), VR SQ.
  public static let referencedImageSequence = Tag(0x0008, 0x1140)
  /// KVP (0018,0060), VR DS.
  public static let kvp = Tag(0x0018, 0x0060)
  /// X-Ray Tube Current (0018,1151), VR IS.
  public static let xRayTubeCurrent = Tag(0x0018, 0x1151)
  /// Exposure Time (0018,1150), VR IS.
  public static let exposureTime = Tag(0x0018, 0x1150)
  /// Exposure (0018,1152), VR IS.
  public static let exposure = Tag(0x0018, 0x1152)
  /// Distance Source to Detector (0018,1110), VR DS.
  public static let distanceSourceToDetector = Tag(0x0018, 0x1110)
  /// Distance Source to Patient (0018,1111), VR DS.
  public static let distanceSourceToPatient = Tag(0x0018, 0x1111)
  /// Exposure Index (0018,1411), VR DS.
  public static let exposureIndex = Tag(0x0018, 0x1411)
  /// Detector Type (0018,7004), VR CS.
  public static let detectorType = Tag(0x0018, 0x7004)
  /// Detector ID (0018,700A), VR SH.
  public static let detectorID = Tag(0x0018, 0x700A)
  /// Plate ID (0018,1004), VR LO.
  public static let plateID = Tag(0x0018, 0x1004)
  /// Cassette ID (0018,1007), VR LO.
  public static let cassetteID = Tag(0x0018, 0x1007)
  /// Imager Pixel Spacing (0018,1164), VR DS.
  public static let imagerPixelSpacing = Tag(0x0018, 0x1164)
  /// Estimated Radiographic Magnification Factor (0018,1114), VR DS.
  public static let estimatedRadiographicMagnificationFactor = Tag(0x0018, 0x1114)
  /// Positioner Type (0018,1508), VR CS.
  public static let positionerType = Tag(0x0018, 0x1508)
  /// Relative X-Ray Exposure (0018,1405), VR IS.
  public static let relativeXRayExposure = Tag(0x0018, 0x1405)
  /// Detector Temperature (0018,7001), VR DS.
  public static let detectorTemperature = Tag(0x0018, 0x7001)
  /// Grid (0018,1166), VR CS.
  public static let grid = Tag(0x0018, 0x1166)
  /// Filter Type (0018,1160), VR SH.
  public static let filterType = Tag(0x0018, 0x1160)
  /// Acquisition Device Processing Description (0018,1400), VR LO.
  public static let acquisitionDeviceProcessingDescription = Tag(0x0018, 0x1400)
  /// Acquisition Device Processing Code (0018,1401), VR LO.
  public static let acquisitionDeviceProcessingCode = Tag(0x0018, 0x1401)
  /// Detector Configuration (0018,7005), VR CS.
  public static let detectorConfiguration = Tag(0x0018, 0x7005)
  /// Detector Description (0018,7006), VR LT.
  public static let detectorDescription = Tag(0x0018, 0x7006)
  /// Detector Mode (0018,7008), VR LT.
  public static let detectorMode = Tag(0x0018, 0x7008)
  /// Field of View Shape (0018,1147), VR CS.
  public static let fieldOfViewShape = Tag(0x0018, 0x1147)
  /// Acquisition Context Sequence (0040,0555), VR SQ.
  public static let acquisitionContextSequence = Tag(0x0040, 0x0555)
  /// Media Storage SOP Class UID (0002,0002), VR UI.
  public static let mediaStorageSOPClassUID = Tag(0x0002, 0x0002)
  /// Media Storage SOP Instance UID (0002,0003), VR UI.
  public static let mediaStorageSOPInstanceUID = Tag(0x0002, 0x0003)
  /// Transfer Syntax UID (0002,0010), VR UI.
  public static let transferSyntaxUID = Tag(0x0002, 0x0010)
  /// Implementation Class UID (0002,0012), VR UI.
  public static let implementationClassUID = Tag(0x0002, 0x0012)
  /// Implementation Version Name (0002,0013), VR SH.
  public static let implementationVersionName = Tag(0x0002, 0x0013)
  /// Local Namespace Entity ID (0040,0031), VR UT.
  public static let localNamespaceEntityID = Tag(0x0040, 0x0031)
  /// Universal Entity ID (0040,0032), VR UT.
  public static let universalEntityID = Tag(0x0040, 0x0032)
  /// Universal Entity ID Type (0040,0033), VR CS.
  public static let universalEntityIDType = Tag(0x0040, 0x0033)
}
