import DICOM
import Radiography
import Testing

@Suite("Eligibility")
struct EligibilityTests {
  @Test("is judged from the data set", arguments: EligibilityCase.all)
  func table(testCase: EligibilityCase) {
    var dataSet = DataSet.radiograph(rows: 100, columns: 100)
    testCase.change(&dataSet)
    let eligibility = Eligibility(dataSet)
    #expect(eligibility.reason?.code == testCase.code)
    #expect((eligibility == .eligible) == (testCase.code == nil))
    if let reason = eligibility.reason {
      #expect(!reason.description.isEmpty && !reason.description.contains("\n"))
    }
  }

  @Test("what is shown is said in a word of the vocabulary, not the data set's own text")
  func textOfTheDataSet() {
    for tag in [Tag.bodyPartExamined, .studyDescription, .seriesDescription, .protocolName] {
      var dataSet = DataSet.radiograph(rows: 100, columns: 100)
      dataSet.remove(.bodyPartExamined)
      dataSet.set(tag, "HAND MUSTERMANN ERIKA")
      let reason = Eligibility(dataSet).reason
      #expect(reason?.code == "not_chest")
      #expect(reason?.description.contains("HAND") == true)
      #expect(reason?.description.uppercased().contains("MUSTERMANN") == false)
    }
    var dataSet = DataSet.radiograph(rows: 100, columns: 100)
    EligibilityCase.view("399061009", "Axial, Mustermann")(&dataSet)
    #expect(Eligibility(dataSet).reason?.description.contains("Mustermann") == false)
  }

  @Test("our own objects are recognised by equipment and by contributing equipment")
  func ownOutput() {
    var direct = DataSet.radiograph(rows: 1, columns: 1)
    direct.set(.manufacturer, Equipment.ownManufacturer)
    direct.set(.manufacturerModelName, Equipment.ownModelName)
    #expect(Eligibility(direct) == .notAnalysed(.ownOutput))

    // A workstation that stored a copy names itself as the manufacturer and keeps the contribution.
    var contribution = DataSet()
    contribution.set(.manufacturer, Equipment.ownManufacturer)
    contribution.set(.manufacturerModelName, Equipment.ownModelName)
    contribution.set(
      .purposeOfReferenceCodeSequence,
      items: [CodedConcept("109102", "DCM", "Processing Equipment").item])
    var copied = DataSet.radiograph(rows: 1, columns: 1)
    copied.set(.manufacturer, "Somebody")
    copied.set(.contributingEquipmentSequence, items: [contribution])
    #expect(Eligibility(copied) == .notAnalysed(.ownOutput))
  }
}

struct EligibilityCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let code: String?
  let change: @Sendable (inout DataSet) -> Void

  init(_ description: String, _ code: String?, _ change: @escaping @Sendable (inout DataSet) -> Void) {
    testDescription = description
    self.code = code
    self.change = change
  }

  static func view(_ value: String, _ meaning: String? = nil) -> @Sendable (inout DataSet) -> Void {
    { dataSet in
      var item = DataSet()
      item.set(.codeValue, value)
      item.set(.codingSchemeDesignator, "SCT")
      if let meaning { item.set(.codeMeaning, meaning) }
      dataSet.set(.viewCodeSequence, items: [item])
    }
  }

  static func region(_ value: String, _ meaning: String) -> @Sendable (inout DataSet) -> Void {
    { dataSet in
      dataSet.set(.anatomicRegionSequence, items: [CodedConcept(value, "SCT", meaning).item])
    }
  }

  static let all: [EligibilityCase] = kinds + parts + views

  static let kinds: [EligibilityCase] = [
    .init("plain CR", nil) { _ in },
    .init("DX for presentation", nil) {
      $0.set(.sopClassUID, UID.digitalXRayImageStorageForPresentation)
      $0.set(.modality, "DX")
    },
    .init("DX for processing", "for_processing") {
      $0.set(.sopClassUID, UID.digitalXRayImageStorageForProcessing)
      $0.set(.modality, "DX")
    },
    .init("presentation intent", "for_processing") { $0.set(.presentationIntentType, "FOR PROCESSING") },
    .init("film, secondary capture of a CR", nil) { $0.set(.sopClassUID, UID.secondaryCaptureImageStorage) },
    .init("secondary capture of anything", "not_a_radiograph") {
      $0.set(.sopClassUID, UID.secondaryCaptureImageStorage)
      $0.set(.modality, "OT")
    },
    .init("secondary capture, no modality", "not_a_radiograph") {
      $0.set(.sopClassUID, UID.secondaryCaptureImageStorage)
      $0.remove(.modality)
    },
    .init("CT", "not_a_radiograph") {
      $0.set(.sopClassUID, UID.ctImageStorage)
      $0.set(.modality, "CT")
    },
    .init("a report", "not_a_radiograph") {
      $0.set(.sopClassUID, UID.comprehensive3DSRStorage)
      $0.set(.modality, "SR")
      $0.remove(.rows)
    },
    .init("a segmentation", "not_a_radiograph") {
      $0.set(.sopClassUID, UID.segmentationStorage)
      $0.set(.modality, "SEG")
    },
    .init("mammogram", "not_a_radiograph") {
      $0.set(.sopClassUID, UID.digitalMammographyXRayImageStorageForPresentation)
      $0.set(.modality, "MG")
    },
    .init("colour", "colour_image") {
      $0.set(.samplesPerPixel, 3)
      $0.set(.photometricInterpretation, "RGB")
    },
    .init("two frames", "multi_frame") { $0.set(.numberOfFrames, "2") },
    .init("one frame", nil) { $0.set(.numberOfFrames, "1") },
  ]

  static let parts: [EligibilityCase] = [
    .init("chest", nil) { $0.set(.bodyPartExamined, "CHEST") },
    .init("thorax, in words of a device", nil) { $0.set(.bodyPartExamined, "Thorax p.a.") },
    .init("empty body part", nil) { $0.set(.bodyPartExamined, "") },
    .init("unknown body part", nil) { $0.set(.bodyPartExamined, "UNKNOWN") },
    .init("hand", "not_chest") { $0.set(.bodyPartExamined, "HAND") },
    .init("thoracic spine", "not_chest") { $0.set(.bodyPartExamined, "TSPINE") },
    .init("ribs of the chest", "not_chest") { $0.set(.bodyPartExamined, "CHEST RIBS") },
    .init("chest by region code", nil, region("51185008", "Chest")),
    .init("knee by region code", "not_chest", region("72696002", "Knee")),
    .init("region says chest, body part says other", nil) {
      $0.set(.bodyPartExamined, "OTHER")
      region("816094009", "Thorax")(&$0)
    },
  ]

  static let views: [EligibilityCase] = [
    .init("PA", nil) { $0.set(.viewPosition, "PA") },
    .init("AP supine", nil) { $0.set(.viewPosition, "AP SUPINE") },
    .init("left lateral", "lateral") { $0.set(.viewPosition, "LL") },
    .init("lateral in words", "lateral") { $0.set(.viewPosition, "LATERAL") },
    .init("abbreviated lateral", "lateral") { $0.set(.viewPosition, "L LAT") },
    .init("left lateral decubitus", "not_frontal") { $0.set(.viewPosition, "LLD") },
    .init("decubitus in words", "not_frontal") { $0.set(.viewPosition, "LEFT LATERAL DECUBITUS") },
    .init("oblique", "not_frontal") { $0.set(.viewPosition, "RAO") },
    .init("words that say nothing", nil) { $0.set(.viewPosition, "STANDING") },
    .init("code: postero-anterior", nil, view("272479007", "postero-anterior")),
    .init("code: left lateral", "lateral", view("399173006", "left lateral")),
    .init("code without meaning: right lateral", "lateral", view("399198007")),
    .init("code without meaning: oblique", "not_frontal", view("399182000")),
    .init("retired code: right lateral", "lateral", view("R-10232")),
    .init("code and meaning disagree: the meaning counts", nil, view("399182000", "postero-anterior")),
    .init("View Position wins over the code", nil) {
      $0.set(.viewPosition, "PA")
      view("399198007", "right lateral")(&$0)
    },
    .init("frontal orientation", nil) { $0.set(.patientOrientation, ["L", "F"]) },
    .init("lateral orientation", "lateral") { $0.set(.patientOrientation, ["A", "F"]) },
    .init("lateral orientation, turned", "lateral") { $0.set(.patientOrientation, ["F", "P"]) },
    .init("axial orientation", "not_frontal") { $0.set(.patientOrientation, ["L", "P"]) },
    .init("View Position wins over orientation", nil) {
      $0.set(.viewPosition, "AP")
      $0.set(.patientOrientation, ["A", "F"])
    },
  ]
}
