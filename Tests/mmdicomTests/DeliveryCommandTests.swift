import Foundation
import Glibc
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

  @Test("by C-STORE, and kept: its commitment comes back to our receiver on an association of its own")
  func commitment() async throws {
    let port = Int(TestEnvironment.freePort())
    let orthanc = try await Orthanc(in: program.folder, caller: ("READER", port))
    try program.configureService(
      """
      results: [overlay, segmentation, report, presentation]
      receive: dicom://READER@127.0.0.1:\(port)
      destinations: [pacs=dicom://ORTHANC@127.0.0.1:\(orthanc.dicom)]
      delivery_commitment: [pacs]
      """)
    try await drop()
    let (process, output, complaints) = try program.start(["serve", "--config", "mmdicom.yaml"])
    async let said = Program.text(of: complaints)
    var last: [String: Int]?
    for _ in 0..<600 where last != ["waiting": 0, "sent": 4, "failed": 0] {
      try await Task.sleep(for: .milliseconds(200))
      last = (try? await status())?["deliveries"] as? [String: Int]
    }
    process.terminate()
    process.waitUntilExit()
    _ = await Program.text(of: output)
    let complained = await said
    #expect(last == ["waiting": 0, "sent": 4, "failed": 0], "\(complained)")
    #expect(try await orthanc.classes().values.sorted() == Self.web.sorted())
    let uid = try #require(program.report("outbox/report.csv").first?["sop_instance_uid"])
    let explained = try await program.run("explain", uid, "--config", "mmdicom.yaml")
    #expect(explained.output.contains("answer: committed"), "\(explained.output)")
    #expect(explained.output.contains(" sent, not committed yet "), "\(explained.output)")
    #expect(explained.output.contains(" committed report to pacs"), "\(explained.output)")
  }
}

@Suite(
  "Results go to storescp, which misbehaves",
  .enabled(if: Program.url != nil && TestEnvironment.tool("storescp") != nil, "storescp isn't there"),
  .serialized)
struct StoreDeliveryTests {
  private let program: Program

  init() throws { program = try Program() }

  /// What became of three results, and what was said, with these options.
  private func deliver(
    _ options: [String], accepting title: String = "STORE", seconds: Int = 120
  ) async throws -> (states: [String], said: String, stored: Int) {
    let port = Int(TestEnvironment.freePort())
    let server = Process()
    server.executableURL = TestEnvironment.tool("storescp")
    let place = program.folder.appending(path: "stored")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    server.arguments = ["-aet", title, "-od", place.path] + options + ["\(port)"]
    server.standardOutput = FileHandle.nullDevice
    server.standardError = FileHandle.nullDevice
    try server.run()
    defer { server.terminate() }
    let end = ContinuousClock.now + .seconds(60)
    while .now < end {
      if let probe = TestEnvironment.connection(toPort: UInt16(port)) {
        close(probe)
        break
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    try program.configureService(
      "delivery_seconds: \(seconds)\ndestinations: [pacs=dicom://STORE@127.0.0.1:\(port)]")
    let made = try await program.run(
      "archive", "phantom", "--output", "phantoms", "--count", "1", "--size", "256")
    try #require(made.status == 0)
    let image = try #require(program.files("phantoms", ".dcm").first { !$0.hasSuffix(".seg.dcm") })
    let inbox = program.folder.appending(path: "inbox")
    try FileManager.default.createDirectory(at: inbox, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: program.folder.appending(path: "phantoms/" + image), to: inbox.appending(path: "image.dcm"))
    let outcome = try await program.run("serve", "--once", "--config", "mmdicom.yaml")
    #expect(outcome.status == 0, "\(outcome.complaints)")
    let uid = try #require(program.report("outbox/report.csv").first?["sop_instance_uid"])
    let explained = try await program.run("explain", uid, "--config", "mmdicom.yaml")
    let states = explained.output.split(separator: "\n").filter { $0.hasPrefix("delivery: ") }.map {
      String($0.split(separator: " ")[4].prefix { $0 != "," })
    }
    return (states, explained.output + outcome.complaints, program.files("stored").count)
  }

  @Test("taken as they are")
  func takes() async throws {
    let (states, said, stored) = try await deliver([])
    #expect(states == ["sent", "sent", "sent"] && stored == 3, "\(said)")
    #expect(said.contains("answer: 0000"))
  }

  @Test("a peer that takes uncompressed objects only gets decoded copies")
  func uncompressed() async throws {
    let (states, said, stored) = try await deliver(["+xi"])
    #expect(states == ["sent", "sent", "sent"] && stored == 3, "\(said)")
  }

  @Test("an association that is refused is the destination's trouble")
  func refuses() async throws {
    let (states, said, _) = try await deliver(["--refuse"])
    #expect(states == ["waiting", "waiting", "waiting"], "\(said)")
    #expect(said.contains("a destination takes nothing"), "\(said)")
  }

  @Test(
    "one that hangs up on an object gets it another time, and the others at once",
    arguments: ["during", "after"])
  func aborts(when: String) async throws {
    let (states, said, _) = try await deliver(["--abort-\(when)"])
    #expect(states.sorted() == ["delayed", "waiting", "waiting"], "\(said)")
    #expect(said.contains("cut off: "), "\(said)")
  }

  /// Its silence is its own fault: nothing is counted against the object that it didn't answer for.
  @Test("one that takes an object and then sleeps longer than it may is given up")
  func sleeps() async throws {
    let (states, said, _) = try await deliver(["--sleep-after", "30"], seconds: 3)
    #expect(states.sorted() == ["sent", "waiting", "waiting"], "\(said)")
  }
}
