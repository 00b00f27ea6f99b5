import Analysis
import Files
import FoundationEssentials
import Glibc
import Ledger
import SystemPackage

/// Reads a file again that was read before, beside the daemon and into a folder of its own, and says where what comes of
/// it isn't what came then.
public struct Replay: Sendable {
  /// What a replay found.
  public struct Outcome: Sendable, Equatable, Codable {
    /// Links of the chain that were compared and are the same.
    public var same: [String] = []
    /// Where the chain breaks, and how.
    public var broken: [String] = []

    public var isSame: Bool { broken.isEmpty }

    /// For people.
    var lines: [String] {
      broken.map { "replay: breaks at \($0)" }
        + (isSame ? ["replay: the same (\(same.joined(separator: ", ")))"] : [])
    }

    /// Compares two digests, where both are there.
    mutating func compare(_ step: String, _ then: ContentDigest?, _ now: ContentDigest?) {
      guard let then, let now else { return }
      note(step, then == now ? nil : "was \(then), is \(now)")
    }

    mutating func note(_ step: String, _ fault: String?) {
      if let fault { broken.append("\(step): \(fault)") } else { same.append(step) }
    }
  }

  let record: InstanceRecord
  let results: [ResultRecord]
  /// The row that was written then, as it stands in the report.
  let row: String?
  let folders: InboxFolders
  let terms: ReadingTerms

  /// Reads the file, in a worker that is ready with `model`, into `folder`.
  func run(_ session: any WorkerSession, model: LoadedModel, in folder: URL) async throws -> Outcome {
    var outcome = Outcome()
    guard record.finishedAt != nil else {
      outcome.note("file", "it wasn't read yet")
      return outcome
    }
    let place = record.place(in: folders)
    guard let content = ContentDigest(ofFileAt: place) else {
      outcome.note("file", "\(place.text) can't be read")
      return outcome
    }
    outcome.compare("file", record.content, content)
    outcome.compare("weights", record.weights, ContentDigest(hexadecimal: model.sha256))
    for result in results { look(at: result, &outcome) }
    if record.reason == InstanceRecord.dismissalCode {
      // A person decided, and no reading.
      outcome.note("row", nil)
      return outcome
    }
    guard outcome.isSame else { return outcome }
    let request = WorkerRequest.analyse(
      id: 1, path: place.text, output: folder.path, tensors: results.contains { $0.kind == "tensors" },
      terms: terms)
    try await session.send(request)
    switch try await session.reply() {
    case .finished(_, let row, _, let trace):
      outcome.compare("pixels", record.pixels, trace.pixels)
      outcome.compare("tensor", record.tensor, trace.tensor)
      compare(row, &outcome)
      compareOutputs(row, in: folder, &outcome)
    case .heldBack(_, _, .changed(let found)): outcome.compare("file", record.content, found)
    case .cannotWrite(_, let path, let message): throw WriteFailure(path: path, message: message)
    case nil:
      let isExpected = record.reason == "worker_crashed"
      outcome.note("row", isExpected ? nil : "the worker process died or hung on the file")
    default: outcome.note("row", "the worker's answer makes no sense")
    }
    return outcome
  }

  /// Whether a result still lies where it was put, as it was.
  private func look(at result: ResultRecord, _ outcome: inout Outcome) {
    let path = FilePath(bytes: result.path)
    let place =
      result.isSuperseded
      ? SupersededResults(folders).place(of: path, result.content)
      : FilePath(of: folders.outbox).pushing(path)
    guard let found = ContentDigest(ofFileAt: place) else {
      // What is superseded may be cleared away at any time, and what somebody took out of the outbox can be made again.
      return
    }
    outcome.compare("\(result.kind) in \(place.text)", result.content, found)
  }

  private func compareOutputs(_ row: ReportRow, in folder: URL, _ outcome: inout Outcome) {
    var expected: [String: ResultRecord] = [:]
    for result in results {
      expected[result.kind] = expected[result.kind].map { $0.isSuperseded ? result : $0 } ?? result
    }
    for name in row.outputs {
      let kind = ResultFiles.kind(of: name)
      guard let then = expected.removeValue(forKey: kind) else {
        outcome.note(kind, "wasn't written then")
        continue
      }
      outcome.compare(kind, then.content, ContentDigest(ofFileAt: FilePath(of: folder.appending(path: name))))
    }
    for kind in expected.keys.sorted() { outcome.note(kind, "isn't written any more") }
  }

  /// All of the row but its times and what the daemon adds to a worker's.
  private func compare(_ now: ReportRow, _ outcome: inout Outcome) {
    guard let then = row else { return }
    var now = now
    if now.status != .analysed {
      now.refuse(now.status, code: now.reasonCode, file: FilePath(bytes: record.sender).text)
    }
    let (before, after) = (Self.fields(then), Self.fields(ReportCSV.record(now)))
    guard before.count == after.count else { return outcome.note("row", "it can't be read") }
    for (name, (before, after)) in zip(ReportRow.header, zip(before, after)) {
      switch name {
      case "analysed_at", "seconds", "outputs": continue
      case "notes":
        let added: Set<Substring> = ["amended", "content_changed", "duplicate_sop_instance_uid"]
        let worker = before.split(separator: ";").filter { !added.contains($0) }.joined(separator: ";")
        outcome.note(name, worker == after ? nil : "was '\(worker)', is '\(after)'")
      default: if before != after { outcome.note(name, "was '\(before)', is '\(after)'") }
      }
    }
    if outcome.isSame { outcome.note("row", nil) }
  }

  private static func fields(_ record: String) -> [String] {
    CommaSeparatedValues(ReportCSV.upToDate(record)).records.first?.fields ?? []
  }
}

extension LedgerVisit {
  /// As ``explain(_:)``, with every file read again by `model`.
  /// - Throws: ``WorkerFailure`` where the model can't be used.
  public func replay(_ name: String, model: String) async throws -> [Explanation] {
    try await asking {
      var all: [Explanation] = []
      for record in try await records(of: name) {
        var explanation = try await explanation(of: record)
        explanation.replay = try await replay(record, model: model)
        all.append(explanation)
      }
      return all
    }
  }

  private func replay(_ record: InstanceRecord, model: String) async throws -> Replay.Outcome {
    let circumstances = try await ledger.circumstances(of: record.id).unaccompanied
    let replay = Replay(
      record: record, results: circumstances.results,
      row: try await ledger.reportRow(of: record.id)?.text, folders: folders,
      terms: ReadingTerms(circumstances, configuration))
    let folder = FileManager.default.temporaryDirectory.appending(path: "mmdicom-replay-\(UUID().uuidString)")
    // Pictures of a patient's: for nobody else.
    guard unsafe mkdir(folder.path, 0o700) == 0 else {
      throw WriteFailure(path: folder.path, action: "create", code: errno)
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    let launcher = ProcessWorkerLauncher(
      model: model, threads: configuration.threadsPerWorker,
      confinement: WorkerConfinement(
        readable: [folders.spool, folders.done, folders.rejected].map { FilePath(of: $0) },
        writable: [FilePath(of: folder)]),
      limits: configuration.workerLimits, timeLimit: configuration.workerTimeLimit)
    return try await launcher.withWorker { session in
      try await replay.run(session, model: try await session.greeted(), in: folder)
    }
  }
}
