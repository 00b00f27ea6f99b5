public import Analysis
internal import Files
public import FoundationEssentials
import Glibc
import SystemPackage

/// `mmdicom analyze`: reads files where they lie and writes all results into one folder.
public struct BatchAnalysis: Sendable {
  /// One image done.
  public struct Event: Sendable {
    /// The file, or a folder that couldn't be read; bytes that aren't text as `\xE9`.
    public let path: String
    public let row: ReportRow
    /// What was wrong or noticed, for people; may be empty.
    public let detail: String
    /// Files known so far, those that came out of archives among them.
    public let total: Int
  }

  private let output: URL
  private let tensors: Bool
  private let options: ResultOptions
  private let model: String
  private let threads: Int
  private let timeLimit: Duration

  /// - Parameters:
  ///   - model: the model file.
  ///   - output: the folder for results and `report.csv`; made if missing.
  public init(
    model: String, output: URL, tensors: Bool, options: ResultOptions = ResultOptions(), threads: Int = 0,
    timeLimit: Duration = .seconds(120)
  ) {
    self.output = output
    self.tensors = tensors
    self.options = options
    self.model = model
    self.threads = threads
    self.timeLimit = timeLimit
  }

  /// The report.
  public var report: URL { output.appending(path: "report.csv") }

  /// Analyses `inputs` in order and tells about each as soon as its row is in the report.
  /// - Throws: ``WorkerFailure``, ``WriteFailure``.
  public func run(
    _ inputs: AnalysisInputs, onEvent: @escaping @Sendable (Event) -> Void
  ) async throws -> Tally {
    let work = BatchWork(
      inputs, output: output, report: report, tensors: tensors, options: options, onEvent: onEvent)
    // The only folder that the worker may write to is there before it; a model that is refused leaves no trace.
    let folder = BatchWork.workFolder(in: output)
    let made = try [output, folder].filter { url throws(WriteFailure) in
      let isThere = FileManager.default.fileExists(atPath: url.path)
      if !isThere { try Folder.create(url) }
      return !isThere
    }
    let launcher = ProcessWorkerLauncher(
      model: model, threads: threads,
      confinement: WorkerConfinement(readable: inputs.roots, writable: [FilePath(of: folder)]),
      timeLimit: timeLimit)
    do { try await WorkerLoop(launcher: launcher, source: work).run() } catch {
      for url in made.reversed() { unsafe rmdir(url.path) }
      throw error
    }
    try await work.finish()
    return await work.tally
  }
}
