import Analysis
import Dispatch
import Files
public import FoundationEssentials
import Glibc
import Ledger
import Synchronization
import SystemPackage

/// The worker process: loads the model once, then answers requests from standard input on standard output
/// until its input ends. It is the only process that opens strangers' files.
public enum WorkerServer {
  /// Tells only which images files are, by their headers and without a model, to the end of standard input.
  /// - Returns: the exit status.
  public static func identify(_ surroundings: Surroundings) async -> Int32 {
    guard let missing = prepareProcess(surroundings) else { return 70 }
    let replies = ReplyWriter()
    replies.send(WorkerReply.ready(model: "", sha256: "", missing: missing))
    let requests = RequestReader(processorSeconds: surroundings.limits.processorSeconds)
    for await request in requests.stream() {
      WorkerFault.strike(request.path)
      let path = FilePath(text: request.path)
      let file = OpenedFile(path)
      let digest = ContentDigest(ofFileAt: path)?.description
      replies.send(WorkerReply.identified(id: request.id, ImageIdentity(ofFileAt: file.url), digest: digest))
      extendLifetime(file)
      requests.answered()
    }
    return 0
  }

  /// Runs to the end of standard input.
  /// - Parameter rehearsal: a folder to make, in which a picture is read before any other; nil for none.
  /// - Returns: the exit status.
  public static func run(
    model: URL, threads: Int, rehearsal: URL?, _ surroundings: Surroundings
  ) async -> Int32 {
    guard let missing = prepareProcess(surroundings, model: FilePath(of: model)) else { return 70 }
    let replies = ReplyWriter()
    let analyser: Analyser
    do { analyser = try Analyser(modelAt: model, threads: threads) } catch {
      replies.send(WorkerReply.modelRefused(message: error.description, isMissing: error.isMissing))
      return error.isMissing ? 66 : 65
    }
    switch rehearsal.flatMap({ Rehearsal.failure(of: analyser, in: $0) }) {
    case .model(let text):
      replies.send(WorkerReply.modelRefused(message: "\(model.path): \(text)", isMissing: false))
      return 65
    case .surroundings(let failure):
      replies.send(WorkerReply.cannotWrite(id: 0, path: failure.path, message: failure.message))
      return 73
    case nil: break
    }
    replies.send(WorkerReply.ready(model: analyser.modelName, sha256: analyser.modelSHA256, missing: missing))
    let requests = RequestReader(processorSeconds: surroundings.limits.processorSeconds)

    let inputSize = analyser.inputSize
    // No more images are on their way than the parent has requests open.
    await assemblyLine(
      requests.stream(), first: { prepare($0, inputSize: inputSize) },
      second: { read($0, with: analyser, isAlone: requests.isOne) },
      last: { item in
        replies.send(answer(item, with: analyser))
        requests.answered()
      })
    return 0
  }

  /// Where an image's results go, and what they are made with beside the image and the model.
  private struct Target: Sendable {
    let output: String
    let tensors: Bool
    let terms: ResultTerms
    let trace: ReadingTrace
  }

  private enum Item<Image: Sendable>: Sendable {
    case answer(WorkerReply)
    case image(id: Int, Image, Target)
  }

  private static func prepare(_ request: WorkerRequest, inputSize: Int) -> Item<PreparedImage> {
    WorkerFault.strike(request.path)
    let path = FilePath(text: request.path)
    let file = OpenedFile(path)
    defer { extendLifetime(file) }
    switch request {
    case .identify(let id, _):
      let read = ReadFile(file.url, wantsDigest: true)
      return .answer(.identified(id: id, read.identity, digest: read.digest?.description))
    case .analyse(let id, _, let output, let tensors, let terms):
      if let archive = UnpackedArchive(path, into: FilePath(text: output), limits: terms.archives) {
        var trace = ReadingTrace(content: archive.content)
        if let expected = terms.content, let found = archive.content, found != expected {
          return .answer(.heldBack(id: id, ImageIdentity(), .changed(found)))
        }
        trace.members = archive.members
        let target = Target(output: output, tensors: tensors, terms: terms.results, trace: trace)
        return .image(id: id, PreparedImage(archive), target)
      }
      let read = ReadFile(file.url, wantsDigest: true)
      if let expected = terms.content, let found = read.digest, found != expected {
        return .answer(.heldBack(id: id, read.identity, .changed(found)))
      }
      var results = terms.results
      let image = PreparedImage(
        read, inputSize: inputSize, unstated: results.options.unstated, wantsPixels: terms.content != nil)
      var trace = ReadingTrace(content: read.digest, pixels: image.pixels)
      trace.traits = read.traits
      if !image.isRejected {
        switch terms.compare(read, &trace) {
        case .conflict: return .answer(.heldBack(id: id, read.identity, .conflict(trace)))
        case .amends: results.replaced += terms.standing?.results ?? []
        case .unrelated: break
        }
      }
      let target = Target(output: output, tensors: tensors, terms: results, trace: trace)
      return .image(id: id, image, target)
    }
  }

  private static func read(
    _ item: Item<PreparedImage>, with analyser: Analyser, isAlone: Bool
  ) -> Item<Analyser.ReadImage> {
    switch item {
    case .answer(let reply): .answer(reply)
    case .image(let id, let image, let target): .image(id: id, analyser.read(image, isAlone: isAlone), target)
    }
  }

  private static func answer(_ item: Item<Analyser.ReadImage>, with analyser: Analyser) -> WorkerReply {
    switch item {
    case .answer(let reply): return reply
    case .image(let id, let image, let target):
      do {
        let result = try analyser.finish(
          image, into: URL(filePath: target.output), tensors: target.tensors, of: target.trace.content,
          on: target.terms)
        var trace = target.trace
        trace.tensor = image.tensor
        trace.objects = result.objects
        return .finished(id: id, row: result.row, detail: result.detail, trace: trace)
      } catch {
        return .cannotWrite(id: id, path: error.path, message: error.message)
      }
    }
  }

  /// What a worker is started with beside its task.
  public struct Surroundings: Sendable {
    let limits: WorkerLimits
    /// What the system doesn't offer of the sandbox that this process is in; nil before it was entered.
    let lacks: [String]?

    public init(limits: WorkerLimits, lacks: [String]?) {
      self.limits = limits
      self.lacks = lacks
    }
  }

  /// - Parameters:
  ///   - name: of the process, for people.
  ///   - connects: whether it may open connections.
  /// - Returns: what the system doesn't offer of the sandbox; nil when the process can't go on.
  static func prepareProcess(
    _ surroundings: Surroundings, as name: String = "worker", model: FilePath? = nil, connects: Bool = false
  ) -> [String]? {
    // The parent decides when to end; a Ctrl-C or a stop reaches the whole group of processes.
    signal(SIGINT, SIG_IGN)
    signal(SIGTERM, SIG_IGN)
    signal(SIGHUP, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    guard let lacks = surroundings.lacks else {
      let failure = WorkerSandbox.enter(model: model, limits: surroundings.limits)
      ErrorOutput.say("mmdicom \(name): \(failure)")
      return nil
    }
    return lacks + WorkerSandbox.fence(connects: connects)
  }
}

/// Standard error, which the daemon's log goes to.
enum ErrorOutput {
  static func say(_ line: String) {
    unsafe Array("\(line)\n".utf8).withUnsafeBytes {
      _ = unsafe write(STDERR_FILENO, $0.baseAddress, $0.count)
    }
  }
}

/// Standard input as a stream of requests.
private final class RequestReader: Sendable {
  private let open = Atomic<Int>(0)
  private let processorSeconds: Int

  /// - Parameter processorSeconds: for each request; 0 for no limit.
  init(processorSeconds: Int) { self.processorSeconds = processorSeconds }

  /// Reads on a thread of its own, so that the end of the input is noticed while an image is being decoded.
  func stream() -> AsyncStream<WorkerRequest> {
    let (stream, continuation) = AsyncStream.makeStream(of: WorkerRequest.self)
    DispatchQueue(label: "requests").async { [self] in
      var input = JSONInput<WorkerRequest>()
      while let request = input.next() {
        let count = open.add(1, ordering: .relaxed).newValue
        if processorSeconds > 0 { ProcessorTime.grant(seconds: processorSeconds * count) }
        continuation.yield(request)
      }
      // A parent closes the pipe only when it has every answer. With requests open it has died; a new one
      // may already be at work on the same files.
      if open.load(ordering: .relaxed) > 0 { _exit(0) }
      continuation.finish()
    }
    return stream
  }

  func answered() { open.subtract(1, ordering: .relaxed) }

  /// Whether no other request waits or is under way.
  var isOne: Bool { open.load(ordering: .relaxed) == 1 }
}

/// The processor time of this process, over all its threads.
private enum ProcessorTime {
  /// So much from now on; the system kills a process that takes more.
  static func grant(seconds: Int) {
    var used = timespec()
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_CPU.rawValue)
    guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0, unsafe getrlimit(kind, &limit) == 0
    else {
      return
    }
    limit.rlim_cur = min(limit.rlim_max, rlim_t(used.tv_sec + 1 + seconds))
    _ = unsafe setrlimit(kind, &limit)
  }
}
