import Analysis
import DICOMNetwork
import Daemon
import Foundation
import Testing

@Suite("Which results go where, and what the configuration says of it")
struct DeliveryRuleTests {
  private let root: TemporaryFolder

  init() throws { root = try TemporaryFolder() }

  private func read(_ yaml: String, _ environment: [String: String] = [:]) async throws -> DaemonConfiguration
  {
    try await DaemonConfiguration.read(
      file: root.write("inbox: /a/in\noutbox: /a/out\n" + yaml, "mmdicom.yaml"), environment: environment)
  }

  private func problem(_ yaml: String) async -> String {
    do {
      _ = try await read(yaml)
      return "no problem"
    } catch { return "\(error)" }
  }

  private let report = RoutedResult([
    .result: "report", .finding: "pneumonia", .certainty: "uncertain", .bodyPart: "CHEST", .station: "ROOM 2",
    .folder: "ct/night",
  ])

  @Test(
    "conditions are patterns, all of which hold",
    arguments: [
      ("result=*", true), ("result=report", true), ("result=overlay|report", true), ("result=overlay", false),
      ("result!=overlay", true), ("result!=overlay|rep*", false), ("finding=PNEUMONIA", true),
      ("finding=pneumonia result=overlay", false), ("station=\"room ?\"", true), ("station=room", false),
      ("certainty=uncertain", true), ("certainty=certain", false), ("folder=ct/*", true),
      ("folder=ct", false), ("view=", true), ("view!=", false), ("view=?*", false),
      ("body_part=[a-d]hest", true),
    ])
  func conditions(text: String, takes: Bool) throws {
    #expect(try DeliveryRule.parse("pacs \(text)").rule.takes(report) == takes)
  }

  @Test("a destination gets what one of its rules takes, and everything where it has none")
  func destinations() async throws {
    let settings = try await read(
      """
      destinations:
        - all=dicom://PACS@10.0.0.1:4242
        - some=https://pacs.example/dicom-web/studies
      delivery_rules:
        - some result=report finding=normal
        - some result=overlay
      """
    ).delivery
    var result = report
    #expect(settings.destinations(of: result) == ["all"])
    result[.finding] = "normal"
    #expect(settings.destinations(of: result) == ["all", "some"])
    result[.result] = "overlay"
    result[.finding] = "pneumonia"
    #expect(settings.destinations(of: result) == ["all", "some"])
  }

  @Test("the environment names destinations and rules, with commas between them")
  func environment() async throws {
    let settings = try await read(
      "",
      [
        "MMDICOM_DESTINATIONS": "a=dicom-tls://A@h,b=http://localhost:8042/dicom-web/studies",
        "MMDICOM_DELIVERY_RULES": "b result=report|overlay,a finding=normal",
        "MMDICOM_DELIVERY_COMMITMENT": "a",
        "MMDICOM_TLS_VERIFY": "authority", "MMDICOM_AE_TITLE": "READER",
      ])
    #expect(settings.delivery.destinations.map(\.name) == ["a", "b"])
    #expect(settings.delivery.destinations.map(\.wantsCommitment) == [true, false])
    #expect(settings.delivery.destinations(of: report) == ["b"])
    #expect(settings.aeTitle == "READER" && settings.tls.verification == .authority)
  }

  @Test(
    "an error says what, and what was meant",
    arguments: [
      ("destinations: [pacs]", "holds 'pacs'; it takes NAME=ADDRESS"),
      ("destinations: [pacs=10.0.0.1]", "begins with dicom://"),
      ("destinations: [pacs=dicom://10.0.0.1:104]", "names no AE title"),
      ("destinations: [pacs=dicom://A@h:99999]", "is no port"),
      ("destinations: [\"a b=dicom://A@h\"]", "it takes letters, digits"),
      ("destinations: [../a=dicom://A@h]", "it takes letters, digits"),
      ("destinations: [a=dicom://A@h, a=dicom://B@h]", "names 'a' twice"),
      ("destinations: [w=https://h/dicom-web]", "ends with /studies"),
      ("destinations: [w=https:///studies]", "names no host"),
      ("destinations: [w=https://h/studies?a=b]", "with ? or #"),
      ("destinations: [w=https://me:secret@h/studies]", "put it into delivery_secrets"),
      ("destinations: [pacs=dicom://A@h]\ndelivery_rules: [pcs result=a]", "names 'pcs'; did you mean pacs?"),
      ("delivery_rules: [pacs result=a]", "there are no destinations"),
      ("destinations: [a=dicom://A@h]\ndelivery_rules: [a reslt=x]", "did you mean result?"),
      ("destinations: [a=dicom://A@h]\ndelivery_rules: [a result]", "a condition is ATTRIBUTE=PATTERN"),
      ("destinations: [a=dicom://A@h]\ndelivery_rules: [a]", "has no condition"),
      ("destinations: [w=https://h/studies]\ndelivery_commitment: [w]", "knows no storage commitment"),
      ("delivery_seconds: 0", "delivery_seconds is '0'"),
      ("ae_title: TOO-LONG-A-TITLE-FOR-DICOM", "ae_title is"),
      ("tls_key: /a/b", "without tls_certificate"),
      ("tls_verify: maybe", "must be one of full, authority, none"),
    ])
  func errors(yaml: String, message: String) async {
    let said = await problem(yaml + "\n")
    #expect(said.contains(message), "\(said)")
    #expect(said.contains("mmdicom.yaml") && !said.contains("secret@"), "\(said)")
  }

  @Test("each destination gets what its protocol can carry, whatever its rules say")
  func kinds() async throws {
    let settings = try await read(
      """
      destinations:
        - pacs=dicom://PACS@10.0.0.1:4242
        - web=https://pacs.example/dicom-web/studies
        - his=mllp://his.example:2575
      delivery_rules:
        - web result=*
        - his result=*
      """
    ).delivery
    for kind in ["overlay", "saliency", "segmentation", "report", "presentation"] {
      #expect(settings.destinations(of: RoutedResult([.result: kind])) == ["pacs", "web"], "\(kind)")
    }
    #expect(settings.destinations(of: RoutedResult([.result: "hl7"])) == ["his"])
    for kind in ["preview", "tensors", "fhir", "other", ""] {
      #expect(settings.destinations(of: RoutedResult([.result: kind])).isEmpty, "\(kind)")
    }
  }

  @Test("several dozen destinations are a mistake")
  func many() async {
    let list = (0..<33).map { "d\($0)=dicom://A@h" }.joined(separator: ", ")
    #expect(await problem("destinations: [\(list)]").contains("holds 33; 32 at most"))
  }

  @Test(
    "a destination that none of the results can go to is told of",
    arguments: [
      ("d=mllp://h:1", "", "[overlay]", "it takes hl7, and results: has overlay"),
      ("d=mllp://h:1", "", "[overlay, hl7]", nil),
      ("d=mllp://h:1", "d result=report", "[report, hl7]", "its rules take none of hl7"),
      ("d=dicom://D@h", "", "[hl7, fhir]", "it takes DICOM objects, and results: has hl7, fhir"),
      (
        "d=dicom://D@h", "d result=presentation", "[overlay, report]",
        "its rules take none of overlay, report"
      ),
      ("d=dicom://D@h", "d result=presentation, d finding=pneumonia", "[overlay]", nil),
      ("d=dicom://D@h", "d result=saliency", "[overlay]", "its rules take none of overlay"),
      ("d=dicom://D@h", "d result!=overlay", "[overlay, report]", nil),
    ] as [(String, String, String, String?)])
  func idle(destination: String, rules: String, results: String, obstacle: String?) async throws {
    let configuration = try await read(
      "destinations: [\(destination)]\ndelivery_rules: [\(rules)]\nresults: \(results)\n")
    #expect(configuration.delivery.destinations.map { $0.obstacle(to: configuration.results) } == [obstacle])
    var single = configuration.results
    single.frames = .single
    if rules == "d result=saliency" {
      #expect(configuration.delivery.destinations[0].obstacle(to: single) == nil)
    }
  }
}
