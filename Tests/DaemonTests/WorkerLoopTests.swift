import Analysis
import Daemon
import Files
import Testing

@Suite("The loop that keeps a worker busy")
struct WorkerLoopTests {
  /// Hands out a list of files once and notes what became of them.
  private actor Files: WorkSource {
    private var waiting: [String]
    private(set) var outcomes: [String: String] = [:]
    private(set) var order: [String] = []
    private(set) var models: [LoadedModel] = []
    private let stopAfter: Int

    init(_ names: [String], stopAfter: Int = .max) {
      waiting = names
      self.stopAfter = stopAfter
    }

    func workerReady(_ model: LoadedModel) { models.append(model) }

    func nextJobs() -> [WorkerJob<String>]? {
      guard !waiting.isEmpty else { return nil }
      defer { waiting = [] }
      return waiting.enumerated().map { index, name in
        WorkerJob(.analyse(id: index, path: name, output: "", tensors: false), context: name)
      }
    }

    func take(_ outcome: WorkerOutcome, of job: WorkerJob<String>) {
      order.append(job.context)
      outcomes[job.context] =
        switch outcome {
        case .identified: "identified"
        case .finished(let row, _, _): row.status.rawValue
        case .heldBack: "held back"
        case .workerCrashed: "crashed"
        }
    }

    var isStopping: Bool { order.count >= stopAfter }
  }

  private static func finished(_ request: WorkerRequest) -> ScriptedWorkers.Answer {
    .reply(.finished(id: request.id, row: ReportRow.refused(.analysed, code: "", file: ""), detail: ""))
  }

  private func run(_ files: Files, _ workers: ScriptedWorkers) async throws {
    try await WorkerLoop(launcher: workers, source: files).run()
  }

  @Test("one worker does all files in order")
  func order() async throws {
    let files = Files((1...20).map { "f\($0)" })
    let workers = ScriptedWorkers { request, _ in Self.finished(request) }
    try await run(files, workers)
    #expect(await files.order == (1...20).map { "f\($0)" })
    #expect(workers.count == 1)
    #expect(await files.models == [LoadedModel(name: "m 1", sha256: "ab")])
  }

  @Test("a file that always crashes is given up after two tries; every other file is done", arguments: 1...5)
  func crash(bad: Int) async throws {
    let files = Files((1...5).map { "f\($0)" })
    let workers = ScriptedWorkers { request, _ in
      request.path == "f\(bad)" ? .crash : Self.finished(request)
    }
    try await run(files, workers)
    let outcomes = await files.outcomes
    #expect(outcomes.count == 5)
    #expect(outcomes.filter { $0.value == "crashed" }.map(\.key) == ["f\(bad)"])
    #expect(await files.order.count == 5)
    #expect(workers.count == 3)
  }

  @Test("a file that crashes once is done at the second try")
  func crashOnce() async throws {
    let files = Files(["a", "b"])
    let workers = ScriptedWorkers { request, attempt in
      request.path == "a" && attempt == 1 ? .crash : Self.finished(request)
    }
    try await run(files, workers)
    #expect(await files.outcomes == ["a": "analysed", "b": "analysed"])
  }

  @Test("a model that is refused ends the loop before any file is asked for")
  func modelRefused() async throws {
    let files = Files(["a"])
    let workers = ScriptedWorkers(greeting: .modelRefused(message: "m: damaged", isMissing: false)) { _, _ in
      .crash
    }
    await #expect(throws: WorkerFailure.modelRefused("m: damaged")) { try await run(files, workers) }
    #expect(await files.order == [])
    #expect(workers.count == 1)
  }

  @Test("a worker that never gets ready is tried three times")
  func neverReady() async throws {
    let workers = ScriptedWorkers(greeting: nil) { _, _ in .crash }
    await #expect(throws: WorkerFailure.self) { try await run(Files(["a"]), workers) }
    #expect(workers.count == 3)
  }

  @Test("results that can't be written end the loop; the file isn't blamed")
  func cannotWrite() async throws {
    let files = Files(["a", "b"])
    let workers = ScriptedWorkers { request, _ in
      .reply(.cannotWrite(id: request.id, path: "/results", message: "disk full"))
    }
    await #expect(throws: WriteFailure.self) { try await run(files, workers) }
    #expect(await files.order == [])
  }

  @Test("an answer to a question that wasn't asked costs the worker its place")
  func nonsense() async throws {
    let files = Files(["a"])
    let workers = ScriptedWorkers { request, attempt in
      attempt == 1 ? .reply(.identified(id: 99, ImageIdentity())) : Self.finished(request)
    }
    try await run(files, workers)
    #expect(await files.outcomes == ["a": "analysed"])
    #expect(workers.count == 2)
  }

  @Test("a stop finishes what is in the worker and nothing more")
  func stop() async throws {
    let files = Files((1...10).map { "f\($0)" }, stopAfter: 3)
    try await run(files, ScriptedWorkers { request, _ in Self.finished(request) })
    // Two more were in the worker when the third had ended.
    #expect(await files.order == ["f1", "f2", "f3", "f4", "f5"])
  }
}
