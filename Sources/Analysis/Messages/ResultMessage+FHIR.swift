import FoundationEssentials

/// FHIR R4: a DiagnosticReport that contains its Observations.
extension ResultMessage {
  /// JSON with its keys in order.
  package var diagnosticReport: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      return Array(try encoder.encode(DiagnosticReport(self))) + [UInt8(ascii: "\n")]
    }
  }

  private struct Coding: Encodable {
    var system: String?
    var code: String?
    var display: String?
  }

  private struct CodeableConcept: Encodable {
    var coding: [Coding]?
    var text: String?

    init(_ system: String, _ code: String, _ display: String, text: String? = nil) {
      coding = [Coding(system: system, code: code, display: display)]
      self.text = text
    }

    init(text: String) { self.text = text }
  }

  private struct Identifier: Encodable {
    var type: CodeableConcept?
    var system: String?
    var value: String
  }

  private struct Reference: Encodable {
    var reference: String?
    var identifier: Identifier?
    var display: String?

    init(contained id: String) { reference = "#\(id)" }
    init(display: String) { self.display = display }
    init(_ identifier: Identifier) { self.identifier = identifier }

    /// Nil where the image doesn't name it.
    init?(uid: String) {
      guard !uid.isEmpty else { return nil }
      self.init(Identifier(system: "urn:dicom:uid", value: "urn:oid:\(uid)"))
    }
  }

  private struct Quantity: Encodable {
    var value: Double
    var unit: String
    var system = "http://unitsofmeasure.org"
    var code: String
  }

  private struct Annotation: Encodable { var text: String }

  private struct Meta: Encodable {
    // Not for whom acts on patients' care.
    var tag = [
      Coding(
        system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code: "HRESCH",
        display: "healthcare research")
    ]
  }

  private struct Observation: Encodable {
    let resourceType = "Observation"
    var id: String
    var status = "preliminary"
    var category = [
      CodeableConcept("http://terminology.hl7.org/CodeSystem/observation-category", "imaging", "Imaging")
    ]
    var code: CodeableConcept
    var subject: Reference?
    var effectiveDateTime: String?
    var issued: String
    var valueQuantity: Quantity
    var interpretation: [CodeableConcept]?
    var note = [Annotation(text: ResultMessage.mark)]
    var device: Reference
    var derivedFrom: [Reference]?
  }

  private struct DiagnosticReport: Encodable {
    let resourceType = "DiagnosticReport"
    var meta = Meta()
    var contained: [Observation]
    var identifier: [Identifier]
    var basedOn: [Reference]?
    var status = "preliminary"
    var category = [CodeableConcept("http://terminology.hl7.org/CodeSystem/v2-0074", "RAD", "Radiology")]
    var code = CodeableConcept(
      "http://loinc.org", "18748-4", "Diagnostic imaging study",
      text: "Chest radiograph, \(ResultMessage.mark.lowercased())")
    var subject: Reference?
    var effectiveDateTime: String?
    var issued: String
    var result: [Reference]
    var imagingStudy: [Reference]?
    var conclusion: String

    init(_ message: ResultMessage) {
      let identity = message.identity
      subject =
        identity.patientID.isEmpty ? nil : Reference(Identifier(value: identity.patientID))
      effectiveDateTime = message.studyDay.map { "\($0.year)-\($0.month)-\($0.day)" }
      issued = message.issued
      identifier = [Identifier(system: "urn:mmdicom:message", value: message.controlID)]
      if !identity.accessionNumber.isEmpty {
        let kind = CodeableConcept(
          "http://terminology.hl7.org/CodeSystem/v2-0203", "ACSN", "Accession ID")
        basedOn = [Reference(Identifier(type: kind, value: identity.accessionNumber))]
      }
      imagingStudy = Reference(uid: identity.studyInstanceUID).map { [$0] }
      contained = message.observations(subject, effectiveDateTime)
      result = contained.map { Reference(contained: $0.id) }
      let percent = ReportRow.decimal(message.pneumoniaProbability * 100, places: 0)
      conclusion =
        "\(ResultMessage.mark). \(message.modelName): \(message.stated), probability of pneumonia \(percent) %"
    }
  }

  private func observations(_ subject: Reference?, _ effective: String?) -> [Observation] {
    func observation(
      _ id: String, _ code: CodeableConcept, _ value: Double, places: Int, unit: String, _ ucum: String
    ) -> Observation {
      let rounded = Double(ReportRow.decimal(value, places: places)) ?? value
      return Observation(
        id: id, code: code, subject: subject, effectiveDateTime: effective, issued: issued,
        valueQuantity: Quantity(value: rounded, unit: unit, code: ucum),
        device: Reference(display: "mmdicom \(SoftwareVersion.current), model \(modelName)"),
        derivedFrom: Reference(uid: identity.sopInstanceUID).map { [$0] })
    }
    var pneumonia = observation(
      "pneumonia",
      CodeableConcept("http://snomed.info/sct", "233604007", "Pneumonia", text: "Probability of pneumonia"),
      pneumoniaProbability, places: 4, unit: "probability", "1")
    pneumonia.interpretation = [
      CodeableConcept(
        "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
        isUncertain ? "IND" : isPositive ? "POS" : "NEG",
        isUncertain ? "Indeterminate" : isPositive ? "Positive" : "Negative", text: stated)
    ]
    var all = [
      pneumonia,
      observation(
        "lung-fraction", CodeableConcept(text: "Part of the picture that is lung"), lungFraction, places: 4,
        unit: "fraction", "1"),
    ]
    if let lungArea {
      all.append(
        observation(
          "lung-area", CodeableConcept(text: "Area of the lung fields"), lungArea, places: 1, unit: "mm2",
          "mm2"))
    }
    return all
  }
}
