import Analysis
internal import Files
import FoundationEssentials

/// The batch as a source of work.
actor BatchWork: WorkSource {
  private let inputs: AnalysisInputs
  private let output: URL
  private let tensors: Bool
  private let onEvent: @Sendable (BatchAnalysis.Event) -> Void
  private let reportURL: URL
  /// Opened when the model is loaded: a model that is refused leaves no trace in the output.
  private var report: (file: ReportFile, lock: HeldFolder)?
  /// Length of the report before this run.
  private var earlierLength = 0
  /// How often each image was met.
  private var copies: [String: Int] = [:]
  private var isHandedOut = false
  private var model = LoadedModel(name: "", sha256: "")
  private(set) var tally = Tally()

  init(
    _ inputs: AnalysisInputs, output: URL, report: URL, tensors: Bool,
    onEvent: @escaping @Sendable (BatchAnalysis.Event) -> Void
  ) {
    self.inputs = inputs
    self.output = output
    self.tensors = tensors
    self.onEvent = onEvent
    reportURL = report
  }

  func workerReady(_ model: LoadedModel) throws {
    self.model = model
    guard report == nil else { return }
    try Folder.create(output)
    let lock = HeldFolder(try FolderLock(output))
    try? FileManager.default.removeItem(at: workFolder)
    let file = try ReportFile(at: reportURL)
    earlierLength = file.length
    report = (file, lock)
    for problem in inputs.problems {
      let row = ReportRow.refused(
        .rejected, code: problem.code, file: problem.path, model: model.name, modelSHA256: model.sha256)
      try note(row, problem.message, path: problem.path, staging: workFolder)
    }
  }

  var isStopping: Bool { Task.isCancelled }

  func nextJobs() -> [WorkerJob<String>]? {
    guard !isHandedOut else { return nil }
    isHandedOut = true
    return inputs.files.enumerated().map { index, path in
      WorkerJob(.analyse(id: index, path: path, output: staging(index).path, tensors: tensors), context: path)
    }
  }

  func take(_ outcome: WorkerOutcome, of job: WorkerJob<String>) throws {
    switch outcome {
    case .identified: break  // Never asked for here.
    case .finished(let row, let detail): try note(row, detail, path: job.context, staging: staging(job.id))
    case .workerCrashed:
      let row = ReportRow.refused(
        .rejected, code: "worker_crashed", file: job.context, model: model.name, modelSHA256: model.sha256)
      let detail = "the worker process died or hung on this file, twice"
      try note(row, detail, path: job.context, staging: staging(job.id))
    }
  }

  private func note(_ row: ReportRow, _ detail: String, path: String, staging: URL) throws {
    var row = row
    var detail = detail
    // Named as on the command line.
    if row.status != .analysed { row.refuse(row.status, code: row.reasonCode, file: path) }
    let copy = copies[ReportMerge.key(of: row), default: 0] + 1
    copies[ReportMerge.key(of: row)] = copy
    let staged = row.outputs
    row.note(copy: copy)
    if copy > 1, row.status == .analysed {
      detail += (detail.isEmpty ? "" : "; ") + "another file in this run has the same SOP Instance UID"
    }
    for (name, final) in zip(staged, row.outputs) {
      try Move.replacing(staging.appending(path: name), output.appending(path: final))
    }
    try? FileManager.default.removeItem(at: staging)
    try report?.file.append(row)
    tally.count(row.status)
    onEvent(BatchAnalysis.Event(path: path, row: row, detail: detail))
  }

  /// Where the worker writes: results appear in the output folder only together with their row.
  private var workFolder: URL { output.appending(path: ".mmdicom") }

  private func staging(_ id: Int) -> URL { workFolder.appending(path: String(id)) }

  /// Rows of an earlier run about the same images give way to this run's.
  func finish() throws {
    guard report != nil else { return }
    try? FileManager.default.removeItem(at: workFolder)
    try ReportMerge.dropSuperseded(in: reportURL, before: earlierLength, by: Set(copies.keys))
  }
}
