import Foundation
import TestSupport
import Testing

@Suite(
  "Others are told of what happens",
  .enabled(
    if: Program.url != nil && TestEnvironment.python != nil, "the program isn't built, or no MMDICOM_PYTHON"),
  .serialized)
struct NotificationCommandTests {
  private let program: Program

  init() throws { program = try Program() }

  private func phantom() async throws -> URL {
    let outcome = try await program.run(
      "archive", "phantom", "--output", "phantoms", "--count", "1", "--size", "256")
    try #require(outcome.status == 0, "\(outcome.complaints)")
    let image = try #require(program.files("phantoms", ".dcm").first { !$0.hasSuffix(".seg.dcm") })
    return program.folder.appending(path: "phantoms/" + image)
  }

  private func status() async throws -> [String: Any] {
    let outcome = try await program.run("status", "--json", "--config", "mmdicom.yaml")
    return try #require(
      JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any], "\(outcome.complaints)"
    )
  }

  private func eventually(_ holds: () async throws -> Bool) async throws -> Bool {
    for _ in 0..<600 {
      if try await holds() { return true }
      try await Task.sleep(for: .milliseconds(200))
    }
    return false
  }

  @Test("a signed webhook, one that hangs, one that refuses, and a command; what names a patient isn't told")
  func notices() async throws {
    let peer = try MessagePeer()
    try program.write("#!/bin/sh\ncat >> \(program.folder.path)/commanded\n", "hook.sh")
    try program.write("web 0123456789abcdef\nslow 0123456789abcdef\n", "keys")
    let (hook, key) = (program.folder.appending(path: "hook.sh"), program.folder.appending(path: "keys"))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook.path)
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: key.path)
    try program.configureService(
      """
      notify: [web=http://127.0.0.1:\(peer.http)/200, slow=http://127.0.0.1:\(peer.http)/hang, \
      no=http://127.0.0.1:\(peer.http)/400, tool=command:\(hook.path)]
      notify_secrets: \(key.path)
      """)
    let image = try await phantom()
    let (process, _, complaints) = try program.start(["serve", "--config", "mmdicom.yaml"])
    async let log = Program.text(of: complaints)
    #expect(try await eventually { (try? await status()["notices"] as? [String: Any])?.count == 4 })
    // Those who are told are there; who is new isn't told of what was.
    let cursor = program.folder.appending(path: "ledger/notices/tool/cursor").path
    #expect(try await eventually { FileManager.default.fileExists(atPath: cursor) })
    try FileManager.default.copyItem(
      at: image, to: program.folder.appending(path: "inbox/DOE-JANE.dcm"))
    try program.write("text", "inbox/DOE-JOHN.txt")
    #expect(
      try await eventually {
        let bodies = try peer.told().filter { $0["genuine"] as? Bool == true }.compactMap {
          $0["body"] as? String
        }
        return Set(bodies).count >= 2
      })
    let told = try peer.told()
    let bodies = Set(told.compactMap { $0["body"] as? String })
    let notices = try bodies.compactMap {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
    }
    #expect(Set(notices.compactMap { $0["event"] as? String }) == ["result", "rejection"])
    let result = try #require(notices.first { $0["event"] as? String == "result" })
    #expect(result["status"] as? String == "analysed" && result["pneumonia_probability"] is Double)
    #expect((result["sop_instance_uid"] as? String)?.contains(".") == true)
    let rejection = try #require(notices.first { $0["event"] as? String == "rejection" })
    #expect(rejection["reason"] as? String == "not_dicom" && rejection["status"] as? String == "rejected")
    for body in bodies {
      #expect(body.contains("\"research_use_only\":\"Research use only, not for diagnosis\""))
      for secret in ["DOE", "PHANTOM", "patient_id"] { #expect(!body.contains(secret), "\(secret)") }
    }
    let commanded = program.folder.appending(path: "commanded")
    #expect(
      try await eventually {
        ((try? String(contentsOf: commanded, encoding: .utf8)) ?? "").split(separator: "\n").count == 2
      })
    // What is refused is parked, what hangs waits; both are shown.
    #expect(
      try await eventually {
        let notices = try await status()["notices"] as? [String: [String: Any]]
        return notices?["no"]?["parked"] as? Int == 2 && notices?["web"]?["waiting"] as? Int == 0
          && notices?["slow"]?["waiting"] as? Int == 2
      })
    let retried = try await program.run(
      "retry", "--destination", "no", "--give-up", "--config", "mmdicom.yaml")
    #expect(retried.status == 0 && retried.output.hasPrefix("2 "), "\(retried.output)\(retried.complaints)")
    process.terminate()
    let said = await log
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && !said.contains("0123456789abcdef"), "\(said)")
  }

  @Test("messages over MLLP are deliveries like any other; FHIR lies beside them")
  func messages() async throws {
    let peer = try MessagePeer()
    try program.configureService(
      """
      results: [report, fhir, hl7]
      destinations: [ris=mllp://127.0.0.1:\(peer.mllp)]
      """)
    try FileManager.default.createDirectory(
      at: program.folder.appending(path: "inbox"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: try await phantom(), to: program.folder.appending(path: "inbox/image.dcm"))
    let outcome = try await program.run("serve", "--once", "--config", "mmdicom.yaml")
    #expect(outcome.status == 0, "\(outcome.complaints)")
    #expect(try await status()["deliveries"] as? [String: Int] == ["waiting": 0, "sent": 1, "failed": 0])
    #expect(try peer.told().count == 1)
    let outputs = try #require(program.report("outbox/report.csv").first?["outputs"]).split(separator: ";")
    #expect(outputs.count == 3 && outputs.contains { $0.hasSuffix(".fhir.json") })
    let uid = try #require(program.report("outbox/report.csv").first?["sop_instance_uid"])
    let explained = try await program.run("explain", uid, "--replay", "--config", "mmdicom.yaml")
    #expect(explained.status == 0, "\(explained.output)\(explained.complaints)")
    #expect(explained.output.contains("delivery: hl7 to ris sent"), "\(explained.output)")
  }
}
