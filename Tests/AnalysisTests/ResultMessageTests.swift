import Analysis
import Files
import Foundation
import TestSupport
import Testing

@Suite("Findings as HL7 and FHIR")
struct ResultMessageTests {
  private static let hl7 = TestEnvironment.python(importing: "hl7apy")
  private static let fhir = TestEnvironment.python(importing: "fhir.resources")

  private func message(_ change: (inout ResultMessage) -> Void = { _ in }) -> ResultMessage {
    var identity = ImageIdentity()
    identity.studyInstanceUID = "1.2.3"
    identity.seriesInstanceUID = "1.2.3.4"
    identity.sopInstanceUID = "1.2.3.4.5"
    identity.accessionNumber = "A-17"
    identity.patientID = "0042"
    identity.studyDate = "20251123"
    var message = ResultMessage(
      identity: identity, finding: "pneumonia", isPositive: true, pneumoniaProbability: 0.83456,
      lungFraction: 0.31, lungArea: 21_345.67, modelName: "multimix 5",
      createdAt: Date(timeIntervalSince1970: 1_767_323_045))
    message.patientName = "Doe^Jane^Mary^Dr^Jr=JANE"
    message.patientBirthDate = "19600229"
    message.patientSex = "F"
    change(&message)
    return message
  }

  private func segments(_ message: ResultMessage) -> [[String]] {
    String(decoding: message.oru, as: UTF8.self).components(separatedBy: "\r").filter { !$0.isEmpty }.map {
      $0.components(separatedBy: "|")
    }
  }

  @Test func oru() throws {
    let segments = segments(message())
    #expect(segments.map { $0[0] }.prefix(4) == ["MSH", "PID", "OBR", "NTE"])
    let header = segments[0]
    #expect(header[1] == "^~\\&" && header[6] == "20260102030405+0000" && header[8] == "ORU^R01^ORU_R01")
    #expect(header[9].count == 20 && header[10] == "T" && header[11] == "2.5.1")
    // Suffix and prefix change places.
    #expect(segments[1] == ["PID", "1", "", "0042", "", "Doe^Jane^Mary^Jr^Dr", "", "19600229", "F"])
    #expect(segments[2][3] == "A-17" && segments[2][7] == "20251123" && segments[2][25] == "P")
    #expect(segments[3][3] == "Research use only, not for diagnosis")
    let values = Dictionary(
      uniqueKeysWithValues: segments.dropFirst(4).map {
        (String($0[3].prefix { $0 != "^" }), [$0[2], $0[5], $0[8]])
      })
    #expect(values["110180"] == ["ST", "1.2.3", ""] && values["SOP_INSTANCE_UID"]?[1] == "1.2.3.4.5")
    #expect(values["PNEUMONIA_PROBABILITY"] == ["NM", "0.8346", "A"])
    #expect(values["LUNG_AREA"]?[1] == "21345.7")
    #expect(segments.dropFirst(4).map { $0[1] } == (1...8).map(String.init))
    #expect(message().oru == message().oru)
    #expect(message { $0.pneumoniaProbability = 0.1 }.controlID != message().controlID)
  }

  @Test("what strangers wrote can neither end a segment nor begin a field")
  func escapes() {
    let evil = "a|b^c&d~e\\f\rOBX|9\nx\u{1C}\u{0B}"
    let segments = segments(
      message {
        $0.identity.patientID = evil
        $0.identity.accessionNumber = evil
        $0.patientName = evil
        $0.identity.studyDate = "2025|x"
        $0.patientSex = "^"
      })
    #expect(segments.count == 12 && segments[1].count == 8)
    #expect(segments[1][3] == "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f OBX\\F\\9 x  ")
    #expect(segments[2][7] == "")
    let nothing = self.segments(
      message {
        $0.identity = ImageIdentity()
        $0.patientName = ""
        $0.lungArea = nil
      })
    #expect(nothing[1][3] == "\"\"" && nothing[1][5] == "\"\"")
    #expect(nothing.count == 11)
  }

  @Test("a public parser takes the messages", .enabled(if: hl7 != nil, "needs MMDICOM_PYTHON with hl7apy"))
  func parsers() throws {
    let folder = try TestEnvironment.temporaryFolder()
    let all = [
      message(), message { $0.identity = ImageIdentity() },
      message { $0.identity.patientID = "a|b^c&d~e\\f\r\u{1C}" }, message { $0.patientName = "Müller^Jörg" },
      message { $0.isUncertain = true },
    ]
    for (index, message) in all.enumerated() {
      let file = folder.appending(path: "\(index).hl7")
      try Data(message.oru).write(to: file)
      let script = """
        import sys
        from hl7apy.parser import parse_message
        from hl7apy.consts import VALIDATION_LEVEL
        text = open(sys.argv[1], encoding="utf-8", newline="").read()
        message = parse_message(text, validation_level=VALIDATION_LEVEL.STRICT)
        message.validate()
        result = message.ORU_R01_PATIENT_RESULT
        print(result.ORU_R01_PATIENT.PID.PID_3.PID_3_1.value)
        print(len(result.ORU_R01_ORDER_OBSERVATION.ORU_R01_OBSERVATION))
        """
      let (status, said) = try TestEnvironment.run(#require(Self.hl7), ["-c", script, file.path])
      #expect(status == 0, "\(index): \(said)")
      #expect(said.split(separator: "\n").last == "8", "\(said)")
    }
  }

  @Test func diagnosticReport() throws {
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(message().diagnosticReport)) as? [String: Any])
    #expect(report["resourceType"] as? String == "DiagnosticReport")
    #expect(report["status"] as? String == "preliminary")
    #expect((report["conclusion"] as? String)?.hasPrefix("Research use only, not for diagnosis") == true)
    #expect(report["effectiveDateTime"] as? String == "2025-11-23")
    let observations = try #require(report["contained"] as? [[String: Any]])
    #expect(observations.map { $0["id"] as? String } == ["pneumonia", "lung-fraction", "lung-area"])
    #expect((observations[0]["valueQuantity"] as? [String: Any])?["value"] as? Double == 0.8346)
    for observation in observations {
      let notes = observation["note"] as? [[String: String]]
      #expect(notes?.first?["text"] == ResultMessage.mark)
    }
    #expect(try message().diagnosticReport == message().diagnosticReport)
  }

  @Test("what the model leaves open is neither normal nor abnormal", arguments: [false, true])
  func uncertain(isPositive: Bool) throws {
    let message = message {
      ($0.isPositive, $0.isUncertain) = (isPositive, true)
      $0.finding = isPositive ? "pneumonia" : "normal"
    }
    let observed = segments(message).filter { $0[0] == "OBX" }
    #expect(observed.allSatisfy { $0.count < 9 || $0[8].isEmpty })
    let place = try #require(segments(message).firstIndex { $0.count > 3 && $0[3].hasPrefix("FINDING^") })
    #expect(
      segments(message)[place + 1].first == "NTE" && segments(message)[place + 1][3].contains("uncertain"))
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(message.diagnosticReport)) as? [String: Any])
    #expect((report["conclusion"] as? String)?.contains("\(message.finding) (uncertain)") == true)
    let observations = try #require(report["contained"] as? [[String: Any]])
    let interpretation = try #require((observations[0]["interpretation"] as? [[String: Any]])?.first)
    #expect((interpretation["coding"] as? [[String: Any]])?.first?["code"] as? String == "IND")
  }

  @Test(
    "a public validator takes the resource",
    .enabled(if: fhir != nil, "needs MMDICOM_PYTHON with fhir.resources"))
  func validator() throws {
    let folder = try TestEnvironment.temporaryFolder()
    let all = [
      message(),
      message {
        $0.identity = ImageIdentity()
        $0.lungArea = nil
        $0.isPositive = false
      }, message { $0.identity.studyDate = "20251399" }, message { $0.isUncertain = true },
    ]
    for (index, message) in all.enumerated() {
      let file = folder.appending(path: "\(index).json")
      try Data(message.diagnosticReport).write(to: file)
      let script = """
        import sys
        from fhir.resources.R4B.diagnosticreport import DiagnosticReport
        report = DiagnosticReport.model_validate_json(open(sys.argv[1], encoding="utf-8").read())
        print(len(report.contained), report.contained[0].get_resource_type())
        """
      let (status, said) = try TestEnvironment.run(#require(Self.fhir), ["-c", script, file.path])
      #expect(status == 0 && said.hasPrefix(index == 1 ? "2 " : "3 "), "\(index): \(said)")
    }
  }
}
