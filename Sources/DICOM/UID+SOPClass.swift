// SOP classes (PS3.4 annex B.5) that this program reads, writes or refuses by name.
extension UID {
  public static let computedRadiographyImageStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.1")
  public static let digitalXRayImageStorageForPresentation = UID(constant: "1.2.840.10008.5.1.4.1.1.1.1")
  public static let digitalXRayImageStorageForProcessing = UID(constant: "1.2.840.10008.5.1.4.1.1.1.1.1")
  public static let digitalMammographyXRayImageStorageForPresentation = UID(
    constant: "1.2.840.10008.5.1.4.1.1.1.2")
  public static let digitalMammographyXRayImageStorageForProcessing = UID(
    constant: "1.2.840.10008.5.1.4.1.1.1.2.1")
  public static let digitalIntraOralXRayImageStorageForPresentation = UID(
    constant: "1.2.840.10008.5.1.4.1.1.1.3")
  public static let digitalIntraOralXRayImageStorageForProcessing = UID(
    constant: "1.2.840.10008.5.1.4.1.1.1.3.1")
  public static let ctImageStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.2")
  public static let enhancedCTImageStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.2.1")
  public static let mrImageStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.4")
  public static let enhancedMRImageStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.4.1")
  public static let ultrasoundImageStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.6.1")
  public static let xRayAngiographicImageStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.12.1")
  public static let xRayRadiofluoroscopicImageStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.12.2")
  public static let nuclearMedicineImageStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.20")
  public static let positronEmissionTomographyImageStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.128")
  public static let secondaryCaptureImageStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.7")
  public static let multiframeSingleBitSecondaryCaptureImageStorage = UID(
    constant: "1.2.840.10008.5.1.4.1.1.7.1")
  public static let multiframeGrayscaleByteSecondaryCaptureImageStorage = UID(
    constant: "1.2.840.10008.5.1.4.1.1.7.2")
  public static let multiframeGrayscaleWordSecondaryCaptureImageStorage = UID(
    constant: "1.2.840.10008.5.1.4.1.1.7.3")
  public static let multiframeTrueColorSecondaryCaptureImageStorage = UID(
    constant: "1.2.840.10008.5.1.4.1.1.7.4")
  public static let grayscaleSoftcopyPresentationStateStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.11.1")
  public static let segmentationStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.66.4")
  public static let basicTextSRStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.88.11")
  public static let enhancedSRStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.88.22")
  public static let comprehensiveSRStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.88.33")
  public static let comprehensive3DSRStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.88.34")
  public static let keyObjectSelectionDocumentStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.88.59")
  public static let encapsulatedPDFStorage = UID(constant: "1.2.840.10008.5.1.4.1.1.104.1")

  /// Reports, key object selections and other Structured Reporting objects (PS3.4 B.5, `88.x`).
  public var isStructuredReport: Bool { string.hasPrefix("1.2.840.10008.5.1.4.1.1.88.") }

  /// The standard's name for a SOP class listed here (PS3.6 annex A); nil for any other UID.
  public var sopClassName: String? { UID.sopClassNames[self] }

  private static let sopClassNames: [UID: String] = [
    .computedRadiographyImageStorage: "Computed Radiography Image Storage",
    .digitalXRayImageStorageForPresentation: "Digital X-Ray Image Storage - For Presentation",
    .digitalXRayImageStorageForProcessing: "Digital X-Ray Image Storage - For Processing",
    .digitalMammographyXRayImageStorageForPresentation:
      "Digital Mammography X-Ray Image Storage - For Presentation",
    .digitalMammographyXRayImageStorageForProcessing:
      "Digital Mammography X-Ray Image Storage - For Processing",
    .digitalIntraOralXRayImageStorageForPresentation:
      "Digital Intra-Oral X-Ray Image Storage - For Presentation",
    .digitalIntraOralXRayImageStorageForProcessing: "Digital Intra-Oral X-Ray Image Storage - For Processing",
    .ctImageStorage: "CT Image Storage",
    .enhancedCTImageStorage: "Enhanced CT Image Storage",
    .mrImageStorage: "MR Image Storage",
    .enhancedMRImageStorage: "Enhanced MR Image Storage",
    .ultrasoundImageStorage: "Ultrasound Image Storage",
    .xRayAngiographicImageStorage: "X-Ray Angiographic Image Storage",
    .xRayRadiofluoroscopicImageStorage: "X-Ray Radiofluoroscopic Image Storage",
    .nuclearMedicineImageStorage: "Nuclear Medicine Image Storage",
    .positronEmissionTomographyImageStorage: "Positron Emission Tomography Image Storage",
    .secondaryCaptureImageStorage: "Secondary Capture Image Storage",
    .multiframeSingleBitSecondaryCaptureImageStorage:
      "Multi-frame Single Bit Secondary Capture Image Storage",
    .multiframeGrayscaleByteSecondaryCaptureImageStorage:
      "Multi-frame Grayscale Byte Secondary Capture Image Storage",
    .multiframeGrayscaleWordSecondaryCaptureImageStorage:
      "Multi-frame Grayscale Word Secondary Capture Image Storage",
    .multiframeTrueColorSecondaryCaptureImageStorage:
      "Multi-frame True Color Secondary Capture Image Storage",
    .grayscaleSoftcopyPresentationStateStorage: "Grayscale Softcopy Presentation State Storage",
    .segmentationStorage: "Segmentation Storage",
    .basicTextSRStorage: "Basic Text SR Storage",
    .enhancedSRStorage: "Enhanced SR Storage",
    .comprehensiveSRStorage: "Comprehensive SR Storage",
    .comprehensive3DSRStorage: "Comprehensive 3D SR Storage",
    .keyObjectSelectionDocumentStorage: "Key Object Selection Document Storage",
    .encapsulatedPDFStorage: "Encapsulated PDF Storage",
  ]
}
