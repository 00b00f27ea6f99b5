import Analysis
import Files
import FoundationEssentials
import SystemPackage

/// A file that is to be read.
struct BatchFile: Sendable {
  /// Where it lies.
  let place: FilePath
  /// What it is called; below an archive's name where it came out of one.
  let name: FilePath
}

/// The batch as a source of work.
actor BatchWork: WorkSource {
  private nonisolated let executor = QueueExecutor("batch")
  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  private let inputs: AnalysisInputs
  private let output: URL
  private let tensors: Bool
  private let options: ResultOptions
  private let onEvent: @Sendable (BatchAnalysis.Event) -> Void
  private let reportURL: URL
  /// Opened when the model is loaded: a model that is refused leaves no trace in the output.
  private var report: (file: ReportFile, lock: HeldFolder)?
  /// Results in the output folder that a run of this program wrote; others are never written over.
  private var ownResults: Set<String> = []
  /// Length of the report before this run.
  private var earlierLength = 0
  /// How often each image was met.
  private var copies: [String: Int] = [:]
  /// The analysed files by SOP Instance UID, and what was written of each.
  private var analysed: [String: [(file: BatchFile, row: ReportRow)]] = [:]
  private var isHandedOut = false
  /// What archives among the inputs held, and isn't handed out yet.
  private var unpacked: [WorkerJob<BatchFile>] = []
  private var lastJob: Int
  /// Inputs, and what archives among them held: each is told of once.
  private var total: Int
  private var model = LoadedModel(name: "", sha256: "")
  private(set) var tally = Tally()

  init(
    _ inputs: AnalysisInputs, output: URL, report: URL, tensors: Bool, options: ResultOptions,
    onEvent: @escaping @Sendable (BatchAnalysis.Event) -> Void
  ) {
    self.inputs = inputs
    self.output = output
    self.tensors = tensors
    self.options = options
    self.onEvent = onEvent
    reportURL = report
    lastJob = inputs.count
    total = inputs.count
  }

  func workerReady(_ model: LoadedModel) throws {
    guard report == nil else {
      // A worker that took the place of another must read with the same weights.
      guard model.sha256 == self.model.sha256 else {
        throw WorkerFailure.modelRefused("the model was replaced while it was in use: run again")
      }
      return
    }
    self.model = model
    try Folder.create(output)
    let lock = HeldFolder(try FolderLock(output))
    let file = try ReportFile(at: reportURL)
    ownResults = try ReportMerge.outputs(in: reportURL).union(begunResults)
    // The worker may write to this folder, not to another of its name.
    for name in (try? FileManager.default.contentsOfDirectory(atPath: workFolder.path)) ?? [] {
      try? FileManager.default.removeItem(at: workFolder.appending(path: name))
    }
    earlierLength = file.length
    report = (file, lock)
    for (index, problem) in inputs.problems.enumerated() {
      let row = ReportRow.refused(
        .rejected, code: problem.code, file: problem.path.text, model: model.name, modelSHA256: model.sha256)
      // Nothing was staged for it; the folder in which all is staged stays.
      let file = BatchFile(place: problem.path, name: problem.path)
      try note(row, problem.message, file, staging: staging(inputs.files.count + index))
    }
  }

  var isStopping: Bool { Task.isCancelled }

  func nextJobs() -> [WorkerJob<BatchFile>]? {
    guard isHandedOut else {
      isHandedOut = true
      return inputs.files.enumerated().map { index, path in
        job(index, BatchFile(place: path, name: path), number: inputs.number(of: index))
      }
    }
    defer { unpacked = [] }
    return unpacked.isEmpty ? nil : unpacked
  }

  private func job(_ id: Int, _ file: BatchFile, number: Int) -> WorkerJob<BatchFile> {
    WorkerJob(
      .analyse(
        id: id, path: file.place.text, output: staging(id).path, tensors: tensors,
        terms: ReadingTerms(results: ResultTerms(options: options, number: number))), context: file)
  }

  func take(_ outcome: WorkerOutcome, of job: WorkerJob<BatchFile>) throws {
    switch outcome {
    case .identified, .heldBack: break  // Never asked for here.
    case .finished(let row, let detail, let trace):
      try keep(trace.members, of: job)
      try note(row, detail, job.context, staging: staging(job.id))
    case .workerCrashed:
      let row = ReportRow.refused(
        .rejected, code: "worker_crashed", file: job.context.name.text, model: model.name,
        modelSHA256: model.sha256)
      let detail = "the worker process died or hung on this file, twice"
      try note(row, detail, job.context, staging: staging(job.id))
    }
  }

  /// Files of an archive are read when the others are done; until the end they lie where workers write.
  private func keep(_ members: [ArchiveMember], of job: WorkerJob<BatchFile>) throws {
    guard !members.isEmpty else { return }
    total += members.count
    let folder = workFolder.appending(path: "unpacked-\(job.id)")
    try Move.replacing(
      FilePath(of: staging(job.id)).appending(UnpackedArchive.folder), FilePath(of: folder))
    for member in members {
      lastJob += 1
      let path = FilePath(text: member.path)
      let file = BatchFile(place: FilePath(of: folder).pushing(path), name: job.context.name.pushing(path))
      unpacked.append(self.job(lastJob, file, number: inputs.number(of: lastJob)))
    }
  }

  private func note(_ row: ReportRow, _ detail: String, _ read: BatchFile, staging: URL) throws {
    let (path, name) = (read.place, read.name)
    var row = row
    var detail = detail
    if let twin = twin(of: path, row) {
      try? FileManager.default.removeItem(at: staging)
      let remark = "the same bytes as \(twin.name.text): one result for both"
      onEvent(BatchAnalysis.Event(path: name.text, row: twin.row, detail: remark, total: total))
      return
    }
    // Named as on the command line.
    if row.status != .analysed { row.refuse(row.status, code: row.reasonCode, file: name.text) }
    let copy = copies[ReportMerge.key(of: row), default: 0] + 1
    copies[ReportMerge.key(of: row)] = copy
    let staged = row.outputs
    row.note(copy: copy)
    if copy > 1, row.status == .analysed {
      detail += (detail.isEmpty ? "" : "; ") + "another file in this run has the same SOP Instance UID"
    }
    try requireOwn(row.outputs)
    for (name, final) in zip(staged, row.outputs) where !isThere(staging.appending(path: name), as: final) {
      try Move.replacing(
        FilePath(of: staging.appending(path: name)), FilePath(of: output.appending(path: final)))
    }
    try? FileManager.default.removeItem(at: staging)
    try report?.file.append(row)
    // An archive that was opened is no input that failed; its files count.
    if row.reasonCode != UnpackedArchive.openedCode { tally.count(row.status) }
    if row.status == .analysed { analysed[row.identity.sopInstanceUID, default: []].append((read, row)) }
    onEvent(BatchAnalysis.Event(path: name.text, row: row, detail: detail, total: total))
  }

  /// An image of this run that was read from the same bytes: it has its result and its row already. Files with the
  /// same UID and other bytes have results of their own, numbered in the order of the inputs.
  private func twin(of path: FilePath, _ row: ReportRow) -> (name: FilePath, row: ReportRow)? {
    let uid = row.identity.sopInstanceUID
    guard row.status == .analysed, !uid.isEmpty, let others = analysed[uid],
      let digest = ContentDigest(ofFileAt: path)
    else { return nil }
    return others.first { ContentDigest(ofFileAt: $0.file.place) == digest }.map { ($0.file.name, $0.row) }
  }

  /// Results that lie in the output folder already may be replaced if this program wrote them. Their names are noted
  /// before they get them, for a run may be cut off before their row is in the report.
  private func requireOwn(_ results: [String]) throws(WriteFailure) {
    for name in results where !ownResults.contains(name) {
      let place = output.appending(path: name)
      guard try DestinationPath.look(FilePath(of: place)) == .nothing else {
        throw WriteFailure(
          path: place.path,
          message:
            "is there already, and no row of report.csv names it: take another --output, or move it away")
      }
    }
    guard !ownResults.isSuperset(of: results) else { return }
    ownResults.formUnion(results)
    try Folder.create(workFolder)
    try DurableFile.write(Array(results.joined(separator: "\n").utf8), to: begun)
  }

  /// The object that a run before made of the same image, with the same model and configuration, stays: under one UID
  /// there is one object, with the date and the number that it got then.
  private func isThere(_ staged: URL, as final: String) -> Bool {
    let place = output.appending(path: final)
    guard final.hasSuffix(".dcm"), FileManager.default.fileExists(atPath: place.path) else { return false }
    let uid = ImageIdentity(ofFileAt: staged).sopInstanceUID
    return !uid.isEmpty && ReadFile(place, wantsDigest: false).isSound(uid)
  }

  /// The names that the last image's results get.
  private var begun: URL { workFolder.appending(path: "begun") }

  private var begunResults: [String] {
    (try? String(contentsOf: begun, encoding: .utf8))?.split(separator: "\n").map(String.init) ?? []
  }

  /// Where the worker writes: results appear in the output folder only together with their row.
  private var workFolder: URL { Self.workFolder(in: output) }

  static func workFolder(in output: URL) -> URL { output.appending(path: ".mmdicom") }

  private func staging(_ id: Int) -> URL { workFolder.appending(path: String(id)) }

  /// Rows of an earlier run about the same images give way to this run's.
  func finish() throws {
    guard report != nil else { return }
    try? FileManager.default.removeItem(at: workFolder)
    try ReportMerge.dropSuperseded(in: reportURL, before: earlierLength, by: Set(copies.keys))
  }
}
