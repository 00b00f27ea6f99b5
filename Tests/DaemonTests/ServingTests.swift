import Analysis
import Daemon
import Files
import Foundation
import Testing

@Suite struct ServingTests {
  private let root: TemporaryFolder
  private let folders: InboxFolders

  init() throws {
    let fixture = try DeliveryFixture()
    root = fixture.root
    folders = fixture.folders
  }

  @Test("the model is copied under its digest; what becomes of its file changes the copy no more")
  func copy() throws {
    let file = try root.write("weights", "m.safetensors")
    let model = try ServedModel.take(file.path, pin: nil, in: folders)
    #expect(model.sha256 == ContentDigest(of: "weights").description)
    try root.write("others", "m.safetensors")
    #expect(try String(contentsOf: model.copy, encoding: .utf8) == "weights")
    let other = try ServedModel.take(file.path, pin: ContentDigest(of: "others").description, in: folders)
    #expect(other.copy != model.copy && FileManager.default.fileExists(atPath: model.copy.path))
  }

  @Test("a model that is missing, or isn't the one that is pinned, is refused by its name")
  func refused() throws {
    #expect(throws: WorkerFailure.modelMissing("/nonexistent: no such model file")) {
      try ServedModel.take("/nonexistent", pin: nil, in: folders)
    }
    let file = try root.write("weights", "m.safetensors")
    let pin = String(repeating: "0", count: 64)
    #expect {
      try ServedModel.take(file.path, pin: pin, in: folders)
    } throws: { error in
      "\(error)".contains(file.path) && "\(error)".contains("model_sha256 asks for \(pin)")
    }
  }

  @Test("a reload may change how is read, not where; the rest waits for the next start")
  func reload() {
    let present = DaemonConfiguration.onAnyDisk(folders)
    var next = present
    next.workers = 4
    next.modelSHA256 = "ab"
    next.workerTimeLimit = .seconds(1)
    #expect(present.obstacle(to: next) == nil && present.waiting(in: next) == [])
    next.settlingTime = .seconds(9)
    next.ignoredNames = []
    #expect(present.waiting(in: next) == ["settle_seconds", "ignore"])
    next.folders.done = root.url
    next.folders.ledger = root.url
    #expect(present.obstacle(to: next)?.hasPrefix("done, ledger can't change") == true)
  }

  @Test("a result is plausible with a probability, with lungs that are part of the picture, and with files")
  func plausible() {
    var row = ReportRow(identity: ImageIdentity(), status: .analysed, analysedAt: "now")
    row.pneumoniaProbability = 0.5
    row.lungFraction = 0.3
    row.outputs = ["a.dcm"]
    #expect(Rehearsal.fault(of: row) == nil)
    for probability in [nil, .nan, -0.1, 1.1] as [Double?] {
      var odd = row
      odd.pneumoniaProbability = probability
      #expect(Rehearsal.fault(of: odd)?.contains("probability") == true)
    }
    for fraction in [nil, .nan, 0, 1] as [Double?] {
      var odd = row
      odd.lungFraction = fraction
      #expect(Rehearsal.fault(of: odd)?.contains("lungs") == true)
    }
    row.outputs = []
    #expect(Rehearsal.fault(of: row) == "no results")
    row.refuse(.rejected, code: "truncated", file: "x")
    #expect(Rehearsal.fault(of: row)?.contains("truncated") == true)
  }

  @Test("who waits is woken by a call, by the end of the time, and by cancellation", .timeLimit(.minutes(10)))
  func wakeUpCall() async throws {
    let call = WakeUpCall()
    await call.wait(atMost: .zero)
    await call.wait(atMost: .milliseconds(10))
    let sleepers = Task {
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<3 { group.addTask { await call.wait(atMost: .seconds(3600)) } }
      }
    }
    while await call.count < 3 { try await Task.sleep(for: .milliseconds(5)) }
    await call.ring()
    await sleepers.value
    let cancelled = Task { await call.wait(atMost: .seconds(3600)) }
    while await call.count < 1 { try await Task.sleep(for: .milliseconds(5)) }
    cancelled.cancel()
    await cancelled.value
  }
}
