import DICOM
import Foundation

/// Radiographs whose attributes are missing, empty or wrong in the ways that real archives show.
struct OddSource: Sendable, CustomStringConvertible {
  let description: String
  let change: @Sendable (inout DataSet) -> Void

  private init(_ description: String, _ change: @escaping @Sendable (inout DataSet) -> Void) {
    self.description = description
    self.change = change
  }

  func dataSet() -> DataSet {
    var dataSet = Synthetic.radiograph(rows: 24, columns: 32, bits: 12, seed: description)
    change(&dataSet)
    return dataSet
  }

  private static func removing(_ tags: DICOM.Tag...) -> @Sendable (inout DataSet) -> Void {
    { dataSet in for tag in tags { dataSet.remove(tag) } }
  }

  private static func text(_ tag: DICOM.Tag, _ value: String) -> @Sendable (inout DataSet) -> Void {
    { $0.set(tag, value) }
  }

  static let all: [OddSource] = [
    OddSource("plain") { _ in },
    OddSource("no body part", removing(.bodyPartExamined)),
    OddSource("empty body part") { $0.setEmpty(.bodyPartExamined) },
    OddSource("paired body part", text(.bodyPartExamined, "LUNG")),
    OddSource("misspelt body part", text(.bodyPartExamined, "Chest PA!")),
    OddSource("undefined body part", text(.bodyPartExamined, "THORAX AP")),
    OddSource("contradicting laterality", text(.laterality, "B")),
    OddSource("hand, right") {
      $0.set(.bodyPartExamined, "HAND")
      $0.set(.imageLaterality, "R")
    },
    OddSource("no study ID", removing(.studyID)),
    OddSource(
      "nothing of type 2",
      removing(
        .patientName, .patientBirthDate, .patientSex, .studyDate, .studyTime, .studyID, .accessionNumber,
        .referringPhysicianName, .patientOrientation)),
    OddSource("empty name") { $0.setEmpty(.patientName) },
    OddSource("name of too many components", text(.patientName, "A^B^C^D^E^F")),
    OddSource("overlong name", text(.patientName, String(repeating: "A", count: 80))),
    OddSource("overlong accession number", text(.accessionNumber, "12345678901234567890")),
    OddSource("overlong description", text(.studyDescription, String(repeating: "x", count: 70))),
    OddSource("control characters", text(.studyDescription, "a\tb\u{01}")),
    OddSource("unknown sex", text(.patientSex, "X")),
    OddSource("lower-case sex", text(.patientSex, "m")),
    OddSource("age without unit", text(.patientAge, "62")),
    OddSource("date with dots", text(.patientBirthDate, "1970.01.01")),
    OddSource("impossible date", text(.studyDate, "20240231")),
    OddSource("time with colons", text(.studyTime, "10:11:12.5")),
    OddSource("weight that is no number", text(.patientWeight, "heavy")),
    OddSource("overlong size", text(.patientSize, "1.7567890123456789")),
    OddSource("UTF-8") {
      $0.set(.specificCharacterSet, "ISO_IR 192")
      $0.set(.patientName, "Müller^Jörg=山田^太郎")
      $0.set(.studyDescription, "胸部")
    },
    OddSource("Latin 1") {
      $0.set(.specificCharacterSet, "ISO_IR 100")
      $0.set(.patientName, "Müller^Jörg")
    },
    OddSource("Cyrillic") {
      $0.set(.specificCharacterSet, "ISO_IR 144")
      $0.set(.patientName, "Люкceмбypг")
    },
    OddSource("undeclared characters", text(.patientName, "Müller^Jörg")),
    OddSource("misspelt character set", text(.specificCharacterSet, "ISO-IR 100")),
    OddSource("no patient ID") { $0.setEmpty(.patientID) },
    OddSource("identity removed without method", text(.patientIdentityRemoved, "YES")),
    OddSource("nonsense enumerations") {
      $0.set(.patientIdentityRemoved, "MAYBE")
      $0.set(.smokingStatus, "SOMETIMES")
      $0.set(.pregnancyStatus, 9)
      $0.set(.timezoneOffsetFromUTC, "CET")
    },
    OddSource("time zone", text(.timezoneOffsetFromUTC, "+0530")),
    OddSource("incomplete codes") { dataSet in
      var code = DataSet()
      code.set(.codeValue, "1")
      dataSet.set(.procedureCodeSequence, items: [code, DataSet()])
      dataSet.set(.issuerOfAccessionNumberSequence, items: [DataSet()])
      dataSet.set(.referencedStudySequence, items: [code])
    },
    OddSource("nested oddities") { dataSet in
      var inner = CodedConcept("1", "99X", "Chest").item
      inner.set(.purposeOfReferenceCodeSequence, items: [DataSet()])
      dataSet.set(.procedureCodeSequence, items: [inner])
    },
    OddSource("complete codes") {
      $0.set(.procedureCodeSequence, items: [CodedConcept("36643-5", "LN", "XR Chest 2 Views").item])
    },
    OddSource("orientation of nonsense", text(.patientOrientation, "UP\\DOWN")),
    OddSource("lossy without ratio", text(.lossyImageCompression, "01")),
    OddSource("lossy") {
      $0.set(.lossyImageCompression, "01")
      $0.set(.lossyImageCompressionRatio, [12.5, 3])
      $0.set(.lossyImageCompressionMethod, ["ISO_10918_1", "ISO_15444_1"])
    },
    OddSource("burned in", text(.burnedInAnnotation, "YES")),
    OddSource("requests") { dataSet in
      var request = DataSet()
      request.set(.requestedProcedureID, "RP1")
      request.set(.scheduledProcedureStepID, "SPS1")
      request.set(.requestedProcedureDescription, "XR Chest PA")
      request.set(.scheduledProtocolCodeSequence, items: [CodedConcept("36643-5", "LN", "XR Chest").item])
      var broken = DataSet()
      broken.set(.scheduledProcedureStepID, "no procedure")
      dataSet.set(.requestAttributesSequence, items: [request, broken])
    },
    OddSource("age in another representation") {
      $0[.patientAge] = DataElement(.patientAge, .LO, .text("062Y"))
      $0[.bodyPartExamined] = DataElement(.bodyPartExamined, .LO, .text("CHEST"))
    },
    OddSource("no study UID", removing(.studyInstanceUID)),
    OddSource("long comments") {
      $0.set(.patientComments, "a\r\nb\u{07}")
      $0.set(.additionalPatientHistory, String(repeating: "x", count: 11000))
      $0.set(.physiciansOfRecord, ["A^B", "C^D"])
    },
  ]
}
