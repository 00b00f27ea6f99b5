// Patient, study and series attributes (PS3.3 C.7.1 to C.7.3, C.12.1).
extension Tag {
  /// Specific Character Set (0008,0005), VR CS.
  public static let specificCharacterSet = Tag(0x0008, 0x0005)
  /// Timezone Offset From UTC (0008,0201), VR SH.
  public static let timezoneOffsetFromUTC = Tag(0x0008, 0x0201)
  /// Instance Creation Date (0008,0012), VR DA.
  public static let instanceCreationDate = Tag(0x0008, 0x0012)
  /// Instance Creation Time (0008,0013), VR TM.
  public static let instanceCreationTime = Tag(0x0008, 0x0013)
  /// Instance Creator UID (0008,0014), VR UI.
  public static let instanceCreatorUID = Tag(0x0008, 0x0014)
  /// SOP Class UID (0008,0016), VR UI.
  public static let sopClassUID = Tag(0x0008, 0x0016)
  /// SOP Instance UID (0008,0018), VR UI.
  public static let sopInstanceUID = Tag(0x0008, 0x0018)
  /// Study Date (0008,0020), VR DA.
  public static let studyDate = Tag(0x0008, 0x0020)
  /// Series Date (0008,0021), VR DA.
  public static let seriesDate = Tag(0x0008, 0x0021)
  /// Acquisition Date (0008,0022), VR DA.
  public static let acquisitionDate = Tag(0x0008, 0x0022)
  /// Content Date (0008,0023), VR DA.
  public static let contentDate = Tag(0x0008, 0x0023)
  /// Acquisition DateTime (0008,002A), VR DT.
  public static let acquisitionDateTime = Tag(0x0008, 0x002A)
  /// Study Time (0008,0030), VR TM.
  public static let studyTime = Tag(0x0008, 0x0030)
  /// Series Time (0008,0031), VR TM.
  public static let seriesTime = Tag(0x0008, 0x0031)
  /// Acquisition Time (0008,0032), VR TM.
  public static let acquisitionTime = Tag(0x0008, 0x0032)
  /// Content Time (0008,0033), VR TM.
  public static let contentTime = Tag(0x0008, 0x0033)
  /// Accession Number (0008,0050), VR SH.
  public static let accessionNumber = Tag(0x0008, 0x0050)
  /// Issuer of Accession Number Sequence (0008,0051), VR SQ.
  public static let issuerOfAccessionNumberSequence = Tag(0x0008, 0x0051)
  /// Modality (0008,0060), VR CS.
  public static let modality = Tag(0x0008, 0x0060)
  /// Referring Physician's Name (0008,0090), VR PN.
  public static let referringPhysicianName = Tag(0x0008, 0x0090)
  /// Study Description (0008,1030), VR LO.
  public static let studyDescription = Tag(0x0008, 0x1030)
  /// Series Description (0008,103E), VR LO.
  public static let seriesDescription = Tag(0x0008, 0x103E)
  /// Physician(s) of Record (0008,1048), VR PN.
  public static let physiciansOfRecord = Tag(0x0008, 0x1048)
  /// Procedure Code Sequence (0008,1032), VR SQ.
  public static let procedureCodeSequence = Tag(0x0008, 0x1032)
  /// Referenced Study Sequence (0008,1110), VR SQ.
  public static let referencedStudySequence = Tag(0x0008, 0x1110)
  /// Referenced Patient Sequence (0008,1120), VR SQ.
  public static let referencedPatientSequence = Tag(0x0008, 0x1120)
  /// Patient's Name (0010,0010), VR PN.
  public static let patientName = Tag(0x0010, 0x0010)
  /// Patient ID (0010,0020), VR LO.
  public static let patientID = Tag(0x0010, 0x0020)
  /// Issuer of Patient ID (0010,0021), VR LO.
  public static let issuerOfPatientID = Tag(0x0010, 0x0021)
  /// Patient's Birth Date (0010,0030), VR DA.
  public static let patientBirthDate = Tag(0x0010, 0x0030)
  /// Patient's Birth Time (0010,0032), VR TM.
  public static let patientBirthTime = Tag(0x0010, 0x0032)
  /// Patient's Sex (0010,0040), VR CS.
  public static let patientSex = Tag(0x0010, 0x0040)
  /// Other Patient IDs (0010,1000), VR LO.
  public static let otherPatientIDs = Tag(0x0010, 0x1000)
  /// Other Patient IDs Sequence (0010,1002), VR SQ.
  public static let otherPatientIDsSequence = Tag(0x0010, 0x1002)
  /// Patient's Age (0010,1010), VR AS.
  public static let patientAge = Tag(0x0010, 0x1010)
  /// Patient's Size (0010,1020), VR DS.
  public static let patientSize = Tag(0x0010, 0x1020)
  /// Patient's Weight (0010,1030), VR DS.
  public static let patientWeight = Tag(0x0010, 0x1030)
  /// Patient Species Description (0010,2201), VR LO.
  public static let patientSpeciesDescription = Tag(0x0010, 0x2201)
  /// Patient Breed Description (0010,2292), VR LO.
  public static let patientBreedDescription = Tag(0x0010, 0x2292)
  /// Responsible Person (0010,2297), VR PN.
  public static let responsiblePerson = Tag(0x0010, 0x2297)
  /// Ethnic Group (0010,2160), VR SH.
  public static let ethnicGroup = Tag(0x0010, 0x2160)
  /// Occupation (0010,2180), VR SH.
  public static let occupation = Tag(0x0010, 0x2180)
  /// Additional Patient History (0010,21B0), VR LT.
  public static let additionalPatientHistory = Tag(0x0010, 0x21B0)
  /// Patient Comments (0010,4000), VR LT.
  public static let patientComments = Tag(0x0010, 0x4000)
  /// Patient Identity Removed (0012,0062), VR CS.
  public static let patientIdentityRemoved = Tag(0x0012, 0x0062)
  /// De-identification Method (0012,0063), VR LO.
  public static let deidentificationMethod = Tag(0x0012, 0x0063)
  /// De-identification Method Code Sequence (0012,0064), VR SQ.
  public static let deidentificationMethodCodeSequence = Tag(0x0012, 0x0064)
  /// Longitudinal Temporal Information Modified (0028,0303), VR CS.
  public static let longitudinalTemporalInformationModified = Tag(0x0028, 0x0303)
  /// Admitting Diagnoses Description (0008,1080), VR LO.
  public static let admittingDiagnosesDescription = Tag(0x0008, 0x1080)
  /// Pregnancy Status (0010,21C0), VR US.
  public static let pregnancyStatus = Tag(0x0010, 0x21C0)
  /// Smoking Status (0010,21A0), VR CS.
  public static let smokingStatus = Tag(0x0010, 0x21A0)
  /// Medical Alerts (0010,2000), VR LO.
  public static let medicalAlerts = Tag(0x0010, 0x2000)
  /// Allergies (0010,2110), VR LO.
  public static let allergies = Tag(0x0010, 0x2110)
  /// Study Instance UID (0020,000D), VR UI.
  public static let studyInstanceUID = Tag(0x0020, 0x000D)
  /// Series Instance UID (0020,000E), VR UI.
  public static let seriesInstanceUID = Tag(0x0020, 0x000E)
  /// Study ID (0020,0010), VR SH.
  public static let studyID = Tag(0x0020, 0x0010)
  /// Series Number (0020,0011), VR IS.
  public static let seriesNumber = Tag(0x0020, 0x0011)
  /// Instance Number (0020,0013), VR IS.
  public static let instanceNumber = Tag(0x0020, 0x0013)
  /// Acquisition Number (0020,0012), VR IS.
  public static let acquisitionNumber = Tag(0x0020, 0x0012)
  /// Laterality (0020,0060), VR CS.
  public static let laterality = Tag(0x0020, 0x0060)
  /// Image Laterality (0020,0062), VR CS.
  public static let imageLaterality = Tag(0x0020, 0x0062)
  /// Patient Orientation (0020,0020), VR CS.
  public static let patientOrientation = Tag(0x0020, 0x0020)
  /// Frame of Reference UID (0020,0052), VR UI.
  public static let frameOfReferenceUID = Tag(0x0020, 0x0052)
  /// Position Reference Indicator (0020,1040), VR LO.
  public static let positionReferenceIndicator = Tag(0x0020, 0x1040)
  /// Body Part Examined (0018,0015), VR CS.
  public static let bodyPartExamined = Tag(0x0018, 0x0015)
  /// Anatomic Region Sequence (0008,2218), VR SQ.
  public static let anatomicRegionSequence = Tag(0x0008, 0x2218)
  /// Patient Position (0018,5100), VR CS.
  public static let patientPosition = Tag(0x0018, 0x5100)
  /// View Position (0018,5101), VR CS.
  public static let viewPosition = Tag(0x0018, 0x5101)
  /// View Code Sequence (0054,0220), VR SQ.
  public static let viewCodeSequence = Tag(0x0054, 0x0220)
  /// Presentation Intent Type (0008,0068), VR CS.
  public static let presentationIntentType = Tag(0x0008, 0x0068)
  /// Protocol Name (0018,1030), VR LO.
  public static let protocolName = Tag(0x0018, 0x1030)
  /// Operators' Name (0008,1070), VR PN.
  public static let operatorsName = Tag(0x0008, 0x1070)
  /// Performing Physician's Name (0008,1050), VR PN.
  public static let performingPhysicianName = Tag(0x0008, 0x1050)
  /// Performed Procedure Step ID (0040,0253), VR SH.
  public static let performedProcedureStepID = Tag(0x0040, 0x0253)
  /// Performed Procedure Step Start Date (0040,0244), VR DA.
  public static let performedProcedureStepStartDate = Tag(0x0040, 0x0244)
  /// Performed Procedure Step Start Time (0040,0245), VR TM.
  public static let performedProcedureStepStartTime = Tag(0x0040, 0x0245)
  /// Performed Procedure Step Description (0040,0254), VR LO.
  public static let performedProcedureStepDescription = Tag(0x0040, 0x0254)
  /// Request Attributes Sequence (0040,0275), VR SQ.
  public static let requestAttributesSequence = Tag(0x0040, 0x0275)
  /// Referenced Performed Procedure Step Sequence (0008,1111), VR SQ.
  public static let referencedPerformedProcedureStepSequence = Tag(0x0008, 0x1111)
  /// Study Comments (0032,4000), VR LT.
  public static let studyComments = Tag(0x0032, 0x4000)
  /// Image Comments (0020,4000), VR LT.
  public static let imageComments = Tag(0x0020, 0x4000)
  /// Burned In Annotation (0028,0301), VR CS.
  public static let burnedInAnnotation = Tag(0x0028, 0x0301)
  /// Recognizable Visual Features (0028,0302), VR CS.
  public static let recognizableVisualFeatures = Tag(0x0028, 0x0302)
  /// Quality Control Image (0028,0300), VR CS.
  public static let qualityControlImage = Tag(0x0028, 0x0300)
  /// Institution Name (0008,0080), VR LO.
  public static let institutionName = Tag(0x0008, 0x0080)
  /// Institution Address (0008,0081), VR ST.
  public static let institutionAddress = Tag(0x0008, 0x0081)
  /// Station Name (0008,1010), VR SH.
  public static let stationName = Tag(0x0008, 0x1010)
  /// Institutional Department Name (0008,1040), VR LO.
  public static let institutionalDepartmentName = Tag(0x0008, 0x1040)
}
