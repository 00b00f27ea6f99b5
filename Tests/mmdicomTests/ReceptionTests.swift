import DICOM
import Foundation
import Glibc
import Phantoms
import TestSupport
import Testing

/// `mmdicom serve` with `receive`, called by `mmdicom echo` and `mmdicom send`.
@Suite(
  "mmdicom serve over the network", .serialized, .enabled(if: Program.url != nil, "the program wasn't built"))
struct ReceptionTests {
  /// A program with the daemon's configuration, and the port that it listens on.
  private func service(_ more: String = "") throws -> (Program, port: Int) {
    let program = try Program()
    let port = Int.random(in: 20_000..<32_000)
    try program.configureService(
      "receive: dicom://MMDICOM@127.0.0.1:\(port)\n\(more)")
    return (program, port)
  }

  private func phantoms(_ count: Int, in program: Program) throws -> [URL] {
    let folder = program.folder.appending(path: "phantoms")
    let paths = try PhantomArchive.write(count: count, size: 64, seed: 5, to: folder, threads: 1)
    return paths.map { folder.appending(path: $0) }.filter { $0.lastPathComponent != "lungs.seg.dcm" }
  }

  private func ask(_ program: Program, _ arguments: [String]) async throws -> Program.Outcome {
    try await program.run(arguments)
  }

  /// Runs the daemon while `body` runs, then stops it.
  private func serving(
    _ program: Program, _ port: Int, _ body: () async throws -> Void
  ) async throws -> String {
    let (process, output, complaints) = try program.start(["serve", "--config", "mmdicom.yaml"])
    async let said = Program.text(of: output)
    async let complained = Program.text(of: complaints)
    do {
      var isUp = false
      let end = ContinuousClock.now + .seconds(120)
      while !isUp, .now < end, process.isRunning {
        isUp = try await ask(program, ["echo", "dicom://MMDICOM@127.0.0.1:\(port)"]).status == 0
        if !isUp { try await Task.sleep(for: .milliseconds(200)) }
      }
      try #require(isUp, "the receiver didn't come up")
      try await body()
    } catch {
      kill(process.processIdentifier, SIGKILL)
      _ = await (said, complained)
      throw error
    }
    kill(process.processIdentifier, SIGTERM)
    let (_, log) = await (said, complained)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return log
  }

  /// A study that comes by both ways is one study, and what is sent twice is read once.
  @Test func readsWhatIsSent() async throws {
    let (program, port) = try service()
    let files = try phantoms(3, in: program)
    let log = try await serving(program, port) {
      let address = "dicom://MMDICOM@127.0.0.1:\(port)"
      let sent = try await ask(program, ["send", "--to", address, "--json"] + files.map(\.path))
      #expect(sent.status == 0, "\(sent.output) \(sent.complaints)")
      let again = try await ask(program, ["send", "--to", address] + files.map(\.path))
      #expect(again.status == 0)
      await program.wait { program.files("outbox", ".overlay.dcm").count == files.count }
      try FileManager.default.copyItem(
        at: files[0], to: program.folder.appending(path: "inbox/by-folder.dcm"))
      await program.wait { program.files("inbox").isEmpty && program.files("ledger/spool").isEmpty }
      await program.wait { program.files("done", ".dcm").count >= files.count }
    }
    let rows = program.report("outbox/report.csv")
    #expect(rows.count == files.count)
    #expect(Set(rows.compactMap { $0["sop_instance_uid"] }).count == files.count)
    #expect(Set(rows.compactMap { $0["study_instance_uid"] }).count == files.count)
    #expect(program.files("ledger/receiving").isEmpty)
    #expect(!log.contains("2.25."), "a UID stands in the log at info")
  }

  /// Nobody is told that an object is taken which a full disk keeps out, and the daemon says why.
  @Test func refusesWhileTheDisksAreFull() async throws {
    let (program, port) = try service()
    let files = try phantoms(1, in: program)
    try program.configureService(
      "receive: dicom://MMDICOM@127.0.0.1:\(port)", diskStopPercent: 1)
    _ = try await serving(program, port) {
      // The guard looks first.
      await program.wait { program.exists("ledger/paused-intake") }
      let sent = try await ask(
        program, ["send", "--to", "dicom://MMDICOM@127.0.0.1:\(port)", "--json"] + files.map(\.path))
      #expect(sent.status == 1)
      #expect(sent.output.contains("A700"), "\(sent.output)")
    }
    #expect(program.files("ledger/receiving").isEmpty && program.files("done").isEmpty)
  }

  /// A receiver that dies is started again, and what it had is sent again.
  @Test func startsAReceiverThatDies() async throws {
    let (program, port) = try service()
    let files = try phantoms(1, in: program)
    let log = try await serving(program, port) {
      let found = try TestEnvironment.run(
        try #require(TestEnvironment.tool("pgrep")), ["-f", "receiver.*127.0.0.1:\(port)"])
      let process = try #require(found.output.split(separator: "\n").first.flatMap { Int32($0) })
      kill(process, SIGKILL)
      var isBack = false
      let end = ContinuousClock.now + .seconds(60)
      while !isBack, .now < end {
        try await Task.sleep(for: .milliseconds(500))
        isBack =
          try await ask(
            program, ["send", "--to", "dicom://MMDICOM@127.0.0.1:\(port)"] + files.map(\.path)
          ).status == 0
      }
      #expect(isBack)
    }
    #expect(log.contains("the receiver ended; it is started again"))
  }

  @Test func saysWhatIsWrong() async throws {
    let program = try Program()
    func status(_ arguments: String...) async throws -> Int32 { try await program.run(arguments).status }
    #expect(try await status("echo", "pacs:104") == 64)
    #expect(try await status("echo", "dicom://A@127.0.0.1:1", "--timeout", "2") == 1)
    #expect(try await status("send", "nowhere.dcm", "--to", "dicom://A@127.0.0.1:1") == 66)
    #expect(try await status("send", "random.safetensors", "--to", "http://A@127.0.0.1:1") == 64)
    #expect(try await status("send", "random.safetensors", "--to", "dicom://A@127.0.0.1:1") == 1)
    #expect(try await status("send", "--to", "dicom://A@127.0.0.1:1") == 64)
    let json = try await program.run("echo", "dicom://A@127.0.0.1:1", "--json", "--timeout", "2")
    #expect(json.output.contains("\"reason\":\"unreachable\""))
    for line in [
      "receive: pacs", "receive: dicom-tls://A@0.0.0.0",
      // Whoever has a certificate of any public authority.
      "receive: dicom-tls://A@0.0.0.0\ntls_certificate: /etc/hostname",
      "receive: dicom://A@0.0.0.0\nreceive_addresses: [host]",
      "receive: dicom://A@0.0.0.0\nreceive_objects: some",
      "receive: dicom://A@0.0.0.0\nreceive_associations: 0",
    ] {
      try program.configureService(line)
      let outcome = try await program.run("serve", "--once", "--config", "mmdicom.yaml")
      #expect(outcome.status == 78, "\(line): \(outcome.complaints)")
      #expect(outcome.complaints.contains("receive"), "\(outcome.complaints)")
    }
  }
}
