import Files

/// HL7 version 2.5.1, unsolicited observation result (ORU^R01, chapter 7): one message for an image.
extension ResultMessage {
  /// Segments ended by carriage returns, in UTF-8.
  package var oru: [UInt8] {
    var segments = [
      // Processing ID: training; a system that takes messages of patients' care alone can tell it by that.
      [
        "MSH", "^~\\&", "MMDICOM", "", "", "", time, "", "ORU^R01^ORU_R01", controlID, "T", "2.5.1", "", "",
        "", "", "", "UNICODE UTF-8",
      ],
      [
        "PID", "1", "", value(identity.patientID), "", name, "", day(patientBirthDate),
        ["M", "F", "O"].contains(patientSex) ? patientSex : "",
      ],
      [
        "OBR", "1", "", escaped(identity.accessionNumber.isEmpty ? controlID : identity.accessionNumber),
        "18748-4^Diagnostic imaging study^LN", "", "", day(identity.studyDate), "", "", "", "", "", "", "",
        "", "", "", "", "", "", "", time, "", "RAD", "P",
      ],
      ["NTE", "1", "L", escaped(Self.mark)],
    ]
    var observations: [(type: String, code: String, value: String, unit: String, flag: String)] = [
      ("ST", "110180^Study Instance UID^DCM", escaped(identity.studyInstanceUID), "", ""),
      ("ST", "112002^Series Instance UID^DCM", escaped(identity.seriesInstanceUID), "", ""),
      ("ST", "SOP_INSTANCE_UID^SOP Instance UID^L", escaped(identity.sopInstanceUID), "", ""),
      (
        "NM", "PNEUMONIA_PROBABILITY^Probability of pneumonia^L", decimal(pneumoniaProbability, places: 4),
        "1^no units^UCUM", flag
      ),
      ("ST", Self.findingCode, escaped(finding), "", flag),
      (
        "NM", "LUNG_FRACTION^Part of the picture that is lung^L", decimal(lungFraction, places: 4),
        "1^no units^UCUM", ""
      ),
    ]
    if let lungArea {
      observations.append(
        (
          "NM", "LUNG_AREA^Area of the lung fields^L", decimal(lungArea, places: 1),
          "mm2^square millimeter^UCUM", ""
        ))
    }
    observations.append(("ST", "MODEL^Model that read it^L", escaped(modelName), "", ""))
    for (index, item) in observations.enumerated() {
      segments.append(
        ["OBX", "\(index + 1)", item.type, item.code, "", item.value, item.unit, "", item.flag, "", "", "P"])
      if isUncertain, item.code == Self.findingCode {
        segments.append(["NTE", "1", "L", "uncertain: the model leaves this finding open"])
      }
    }
    return segments.flatMap { fields in
      Array(Self.trimmed(fields).joined(separator: "|").utf8) + [UInt8(ascii: "\r")]
    }
  }

  /// The same for the same image, model and date, so that who gets a message twice can tell; 20 characters (MSH-10).
  package var controlID: String {
    let text = [
      identity.studyInstanceUID, identity.sopInstanceUID, modelName, issued, "\(pneumoniaProbability)",
    ].joined(separator: "\u{0}")
    return String(ContentDigest(of: text).description.prefix(20))
  }

  private static let findingCode = "FINDING^Finding^L"

  /// Neither normal nor abnormal where it is left open (table 0078).
  private var flag: String { isUncertain ? "" : isPositive ? "A" : "N" }

  private static func trimmed(_ fields: [String]) -> [String] {
    Array(fields.reversed().drop { $0.isEmpty }.reversed())
  }

  private var time: String { issued.filter(\.isNumber) + "+0000" }

  private func day(_ date: String) -> String { Self.day(date) == nil ? "" : date }

  private func decimal(_ value: Double, places: Int) -> String { ReportRow.decimal(value, places: places) }

  /// A field that must hold something: what isn't known is null.
  private func value(_ text: String) -> String { text.isEmpty ? "\"\"" : escaped(text) }

  /// Family name, given, further, suffix, prefix (XPN); DICOM has the prefix in front of the suffix.
  private var name: String {
    let first = patientName.prefix { $0 != "=" }
    let parts = first.split(separator: "^", omittingEmptySubsequences: false).map { escaped(String($0)) }
    guard parts.contains(where: { !$0.isEmpty }) else { return "\"\"" }
    func part(_ index: Int) -> String { index < parts.count ? parts[index] : "" }
    return Self.trimmed([part(0), part(1), part(2), part(4), part(3)]).joined(separator: "^")
  }

  /// Delimiters by their escapes; control characters, which would end a segment or the message, as spaces.
  private func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "|": result += "\\F\\"
      case "^": result += "\\S\\"
      case "&": result += "\\T\\"
      case "~": result += "\\R\\"
      case "\\": result += "\\E\\"
      case _ where scalar.properties.generalCategory == .control: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
