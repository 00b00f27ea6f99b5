import DICOMNetwork
import Testing

/// What a DICOMweb server's answers mean, by kind.
@Suite struct StoreJudgementTests {
  private let uids = ["1.2.1", "1.2.2"]

  private func judge(
    _ status: Int, _ body: String = "", type: String = "application/dicom+json", of uids: [String]? = nil,
    change: (inout StoreJudgement.Answer) -> Void = { _ in }
  ) -> StoreJudgement {
    var answer = StoreJudgement.Answer(status: status)
    answer.contentType = type
    answer.body = Array(body.utf8)
    change(&answer)
    return StoreJudgement(answer, of: uids ?? self.uids)
  }

  private let mixed = """
    {"00081199": {"vr": "SQ", "Value": [
       {"00081150": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.7"]},
        "00081155": {"vr": "UI", "Value": ["1.2.1"]}, "00081196": {"vr": "US", "Value": [45056]}}]},
     "00081198": {"vr": "SQ", "Value": [
       {"00081155": {"vr": "UI", "Value": ["1.2.2"]}, "00081197": {"vr": "US", "Value": [42752]}}]}}
    """

  private let mixedXML = """
    <?xml version="1.0" encoding="UTF-8"?>
    <NativeDicomModel>
      <DicomAttribute tag="00081199" vr="SQ" keyword="ReferencedSOPSequence"><Item number="1">
        <DicomAttribute tag="00081155" vr="UI"><Value number="1"> 1.2.1</Value></DicomAttribute>
        <DicomAttribute tag="00081196" vr="US"><Value number="1">45056</Value></DicomAttribute>
      </Item></DicomAttribute>
      <DicomAttribute tag="00081198" vr="SQ"><Item number="1">
        <DicomAttribute tag="00081155" vr="UI"><Value number="1">1.2.2</Value></DicomAttribute>
        <DicomAttribute tag="00081197" vr="US"><Value number="1">42752</Value></DicomAttribute>
      </Item></DicomAttribute>
    </NativeDicomModel>
    """

  @Test(arguments: [200, 202, 409])
  func eachInstanceHasItsOwnAnswer(status: Int) {
    let expected = StoreJudgement.answered([.taken("\(status), warning B000"), .refusedForNow("A700")])
    #expect(judge(status, mixed) == expected)
    #expect(judge(status, "[\(mixed)]") == expected)
    #expect(judge(status, mixedXML, type: "application/dicom+xml") == expected)
    // Whatever the header says.
    #expect(judge(status, mixedXML, type: "") == expected)
  }

  @Test(arguments: [
    (0xA700, true), (0x0110, true), (0x0213, true), (0x0124, false), (0xA900, false), (0xC000, false),
    (0x0122, false),
  ])
  func failuresByKind(reason: Int, passes: Bool) {
    let body = """
      {"00081198": {"Value": [{"00081155": {"Value": ["1.2.1"]}, "00081197": {"Value": ["\(reason)"]}}]}}
      """
    let words = String(reason, radix: 16, uppercase: true)
    let code = String(repeating: "0", count: 4 - words.count) + words
    #expect(
      judge(409, body, of: ["1.2.1"])
        == .answered([passes ? .refusedForNow(code) : .refusedForGood(code)]))
  }

  /// The server has one of that UID already.
  @Test func aDuplicateIsThere() {
    let body = """
      {"00081198": {"Value": [{"00081155": {"Value": ["1.2.1"]}, "00081197": {"Value": [273]}}]}}
      """
    #expect(judge(409, body, of: ["1.2.1"]) == .answered([.taken("warning 0111")]))
    #expect(DIMSEStatus.duplicateInstance.verdict == .takenWithWarning)
  }

  @Test func whatTheAnswerDoesNotNameIsNotTaken() {
    let body = #"{"00081199": {"Value": [{"00081155": {"Value": ["1.2.1"]}}]}}"#
    #expect(
      judge(200, body)
        == .answered([.taken("200"), .refusedForNow("200, and its answer doesn't name this object")]))
  }

  @Test func aSuccessWithoutAListIsASuccess() {
    #expect(judge(200) == .answered([.taken("200, without a list"), .taken("200, without a list")]))
    #expect(judge(200, "{}", of: ["1"]) == .answered([.taken("200, without a list")]))
    // A proxy's page isn't the server's word, nor half a list, nor one of others.
    for (body, type) in [
      ("<html>", "text/html"), (#"{"00081199": {"Val"#, "application/dicom+json"),
      (#"{"00081199": {"Value": [{"00081155": {"Value": ["9"]}}]}}"#, "application/dicom+json"),
      (#"{"00081198": {"Value": [{"00081197": {"Value": [272]}}]}}"#, "application/dicom+json"),
    ] {
      guard case .trouble = judge(200, body, type: type, of: ["1"]) else {
        Issue.record("\(body)")
        continue
      }
    }
    // But some failed here, and nobody says which.
    #expect(judge(202) == .divide)
    #expect(judge(409, of: ["1"]) == .answered([.refusedForGood("409")]))
  }

  @Test(arguments: [400, 413, 415, 422, 500, 501])
  func aRequestRefusedAsAWholeIsDivided(status: Int) {
    #expect(judge(status) == .divide)
    #expect(
      judge(status, "bad\u{1B}[2K\r\nnews", type: "text/plain", of: ["1"])
        == .answered([
          status < 500
            ? .refusedForGood("\(status): bad [2K news") : .refusedForNow("\(status): bad [2K news")
        ])
    )
  }

  @Test(arguments: [301, 401, 403, 404, 405, 406, 429, 502, 503, 504, 507, 99])
  func troubleOfTheDestinationBlamesNoObject(status: Int) {
    guard case .trouble(let trouble) = judge(status, change: { $0.retryAfter = "120" }) else {
      Issue.record("\(status) blames an object")
      return
    }
    #expect(trouble.retryAfter == ([429, 502, 503, 504, 507].contains(status) ? 120 : nil))
  }

  @Test func aRedirectSaysWhereTo() {
    let judged = judge(302) { $0.location = "https://elsewhere/\nstudies" }
    #expect(
      judged
        == .trouble(
          PeerTrouble(
            "302: the address moved to https://elsewhere/ studies; redirects aren't followed")))
    let far = judge(503) { $0.retryAfter = "999999999" }
    #expect(far == .trouble(PeerTrouble("503: it can't take objects now", retryAfter: 3600)))
  }

  @Test(arguments: [
    "{", "[1, 2]", "null", "{\"00081199\": 3}",
    "{\"00081199\": {\"Value\": [[[[]]], null, true, {\"00081155\": {}}]}}",
    "<a><b></a>", "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "\u{0}\u{0}",
  ])
  func nonsenseIsNoAnswer(body: String) {
    let response = StoreInstancesResponse(body: Array(body.utf8), contentType: "application/dicom+json")
    #expect(response?.isEmpty ?? true)
  }
}
