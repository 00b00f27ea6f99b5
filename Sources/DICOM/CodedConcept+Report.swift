// Concepts of reports (PS3.16 annexes B and D, TID 300 to 1602).
extension CodedConcept {
  static let imagingMeasurementReport = CodedConcept("126000", "DCM", "Imaging Measurement Report")
  static let language = CodedConcept("121049", "DCM", "Language of Content Item and Descendants")
  static let english = CodedConcept("en-US", "RFC5646", "English (United States)")
  static let observerType = CodedConcept("121005", "DCM", "Observer Type")
  static let device = CodedConcept("121007", "DCM", "Device")
  static let deviceObserverUID = CodedConcept("121012", "DCM", "Device Observer UID")
  static let deviceObserverName = CodedConcept("121013", "DCM", "Device Observer Name")
  static let deviceObserverManufacturer = CodedConcept("121014", "DCM", "Device Observer Manufacturer")
  static let deviceObserverModelName = CodedConcept("121015", "DCM", "Device Observer Model Name")
  static let deviceObserverSerialNumber = CodedConcept("121016", "DCM", "Device Observer Serial Number")
  static let procedureReported = CodedConcept("121058", "DCM", "Procedure reported")
  static let plainChestXRay = CodedConcept("399208008", "SCT", "Plain chest X-ray")
  static let imageLibrary = CodedConcept("111028", "DCM", "Image Library")
  static let imageLibraryGroup = CodedConcept("126200", "DCM", "Image Library Group")
  static let modality = CodedConcept("121139", "DCM", "Modality")
  static let studyDate = CodedConcept("111060", "DCM", "Study Date")
  static let imagingMeasurements = CodedConcept("126010", "DCM", "Imaging Measurements")
  static let measurementGroup = CodedConcept("125007", "DCM", "Measurement Group")
  static let trackingIdentifier = CodedConcept("112039", "DCM", "Tracking Identifier")
  static let trackingUniqueIdentifier = CodedConcept("112040", "DCM", "Tracking Unique Identifier")
  static let finding = CodedConcept("121071", "DCM", "Finding")
  static let findingSite = CodedConcept("363698007", "SCT", "Finding Site")
  static let algorithmName = CodedConcept("111001", "DCM", "Algorithm Name")
  static let algorithmVersion = CodedConcept("111003", "DCM", "Algorithm Version")
  static let sourceOfMeasurement = CodedConcept("121112", "DCM", "Source of Measurement")
  static let sourceImageForSegmentation = CodedConcept("121233", "DCM", "Source image for segmentation")
  static let referencedSegmentationFrame = CodedConcept("121214", "DCM", "Referenced Segmentation Frame")
  static let comment = CodedConcept("121106", "DCM", "Comment")
  static let probability = CodedConcept("122157", "DCM", "Probability")
  static let noUnits = CodedConcept("1", "UCUM", "no units")
  static let area = CodedConcept("42798000", "SCT", "Area")
  static let squareMillimetre = CodedConcept("mm2", "UCUM", "square millimeter")
  static let present = CodedConcept("52101004", "SCT", "Present")
  static let absent = CodedConcept("2667000", "SCT", "Absent")
  static let undetermined = CodedConcept("373068000", "SCT", "Undetermined")

  public static let pneumonia = CodedConcept("233604007", "SCT", "Pneumonia")

  /// Of the modalities that a chest radiograph may have (CID 29); nil for any other.
  init?(modality: CodeString?) {
    switch modality {
    case "CR": self.init("CR", "DCM", "Computed Radiography")
    case "DX", "DR": self.init("DX", "DCM", "Digital Radiography")
    case "RG": self.init("RG", "DCM", "Radiographic imaging")
    default: return nil
    }
  }
}
