import Foundation
import TestSupport
import Testing

@Suite(
  "Results go to Orthanc",
  .enabled(if: Program.url != nil && Orthanc.isThere, "orthanc or its DICOMweb plugin isn't there"),
  .serialized)
struct DeliveryCommandTests {
  private let program: Program
  private static let web = [
    "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.88.34", "1.2.840.10008.5.1.4.1.1.7.4",
    "1.2.840.10008.5.1.4.1.1.11.1",
  ]

  init() throws { program = try Program() }

  /// Puts a study into the inbox.
  private func drop() async throws {
    let outcome = try await program.run(
      "archive", "phantom", "--output", "phantoms", "--count", "1", "--size", "256")
    try #require(outcome.status == 0, "\(outcome.complaints)")
    let image = try #require(
      program.files("phantoms", ".dcm").first { !$0.hasSuffix(".seg.dcm") })
    try FileManager.default.createDirectory(
      at: program.folder.appending(path: "inbox"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: program.folder.appending(path: "phantoms/" + image),
      to: program.folder.appending(path: "inbox/image.dcm"))
  }

  private func secrets(_ text: String) throws {
    try program.write(text, "secrets")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o640], ofItemAtPath: program.folder.appending(path: "secrets").path)
  }

  private func status() async throws -> [String: Any] {
    let outcome = try await program.run("status", "--json", "--config", "mmdicom.yaml")
    return try #require(
      JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any], "\(outcome.complaints)"
    )
  }

  @Test("by STOW-RS: it holds every object and renders them; what is down waits, and is shown")
  func stow() async throws {
    let orthanc = try await Orthanc(in: program.folder)
    try secrets("web basic me pass word\n")
    try program.configureService(
      """
      results: [overlay, segmentation, report, presentation]
      destinations: [web=http://localhost:\(orthanc.http)/dicom-web/studies, down=http://localhost:1/studies]
      delivery_rules: [down result=report]
      delivery_secrets: \(program.folder.path)/secrets
      """)
    try await drop()
    let outcome = try await program.run("serve", "--once", "--config", "mmdicom.yaml")
    #expect(outcome.status == 0, "\(outcome.complaints)")
    #expect(!(outcome.output + outcome.complaints).contains("pass word"))
    let classes = try await orthanc.classes()
    #expect(classes.values.sorted() == Self.web.sorted())
    for (name, uid) in classes where !uid.hasPrefix("1.2.840.10008.5.1.4.1.1.88") && !uid.hasSuffix(".11.1") {
      let picture = try await orthanc.get("instances/\(name)/preview")
      #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]) && picture.count > 500, "\(uid) isn't rendered")
    }
    let status = try await status()
    #expect(status["deliveries"] as? [String: Int] == ["waiting": 1, "sent": 4, "failed": 0])
    let destinations = try #require(status["destinations"] as? [String: [String: Any]])
    #expect((destinations["down"]?["paused"] as? String)?.contains("no connection") == true)
    #expect(destinations["web"]?["sent"] as? Int == 4)
    let uid = try #require(program.report("outbox/report.csv").first?["sop_instance_uid"])
    let explained = try await program.run("explain", uid, "--config", "mmdicom.yaml")
    #expect(
      explained.output.contains("delivery: report to web sent, 1 attempt, taken"), "\(explained.output)")
    #expect(explained.output.contains("delivery: report to down waiting\n"), "\(explained.output)")

    let given = try await program.run(
      "retry", "--destination", "down", "--give-up", "--config", "mmdicom.yaml")
    #expect(given.output == "1 results for down are given up\n" && given.status == 0)
    let again = try await program.run("retry", "--destination", "down", "--config", "mmdicom.yaml")
    #expect(again.status == 1 && again.complaints.contains("nothing waits for down"))
  }

  @Test("a wrong password is the destination's trouble: nothing is parked, and it goes once it is right")
  func password() async throws {
    let orthanc = try await Orthanc(in: program.folder)
    try secrets("web basic me wrong\n")
    try program.configureService(
      """
      destinations: [web=http://localhost:\(orthanc.http)/dicom-web/studies]
      delivery_secrets: \(program.folder.path)/secrets
      """)
    try await drop()
    let outcome = try await program.run("serve", "--once", "--config", "mmdicom.yaml")
    #expect(outcome.complaints.contains("401: the credentials aren't accepted"), "\(outcome.complaints)")
    #expect(try await status()["deliveries"] as? [String: Int] == ["waiting": 3, "sent": 0, "failed": 0])
    try secrets("web basic me pass word\n")
    _ = try await program.run("serve", "--once", "--config", "mmdicom.yaml")
    #expect(try await status()["deliveries"] as? [String: Int] == ["waiting": 0, "sent": 3, "failed": 0])
    try secrets("")
    try program.configureService("destinations: [pacs=dicom:/x]\n")
    let wrong = try await program.run("serve", "--once", "--config", "mmdicom.yaml")
    #expect(
      wrong.status == 78 && wrong.complaints.contains("destinations sends pacs to"), "\(wrong.complaints)")
  }
}
