import Analysis
import Dispatch
import Files
public import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage

/// The worker process: loads the model once, then answers requests from standard input on standard output
/// until its input ends. It is the only process that opens strangers' files.
public enum WorkerServer {
  /// Tells only which images files are, by their headers and without a model, to the end of standard input.
  /// - Returns: the exit status.
  public static func identify() async -> Int32 {
    prepareProcess()
    let replies = ReplyWriter()
    replies.send(.ready(model: "", sha256: ""))
    for await request in RequestReader.requests() {
      WorkerFault.strike(request.path)
      let path = FilePath(text: request.path)
      let file = OpenedFile(path)
      let digest = ContentDigest(ofFileAt: path)?.description
      replies.send(.identified(id: request.id, ImageIdentity(ofFileAt: file.url), digest: digest))
      extendLifetime(file)
      RequestReader.answered()
    }
    return 0
  }

  /// Runs to the end of standard input.
  /// - Returns: the exit status.
  public static func run(model: URL, threads: Int) async -> Int32 {
    prepareProcess()
    let replies = ReplyWriter()
    let analyser: Analyser
    do { analyser = try Analyser(modelAt: model, threads: threads) } catch {
      replies.send(.modelRefused(message: error.description, isMissing: error.isMissing))
      return error.isMissing ? 66 : 65
    }
    replies.send(.ready(model: analyser.modelName, sha256: analyser.modelSHA256))

    let inputSize = analyser.inputSize
    // No more images are on their way than the parent has requests open.
    await assemblyLine(
      RequestReader.requests(), first: { prepare($0, inputSize: inputSize) },
      second: { read($0, with: analyser) },
      last: { item in
        replies.send(answer(item, with: analyser))
        RequestReader.answered()
      })
    return 0
  }

  /// Where an image's results go, and what they are made with beside the image and the model.
  private struct Target: Sendable {
    let output: String
    let tensors: Bool
    let terms: ResultTerms
    /// Of the file's content.
    let content: ContentDigest?
  }

  private enum Item<Image: Sendable>: Sendable {
    case identity(id: Int, ImageIdentity, digest: String?)
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
      return .identity(id: id, read.identity, digest: read.digest?.description)
    case .analyse(let id, _, let output, let tensors, let terms):
      let read = ReadFile(file.url, wantsDigest: true)
      let target = Target(output: output, tensors: tensors, terms: terms, content: read.digest)
      let image = PreparedImage(read, inputSize: inputSize, unstated: terms.options.unstated)
      return .image(id: id, image, target)
    }
  }

  private static func read(_ item: Item<PreparedImage>, with analyser: Analyser) -> Item<Analyser.ReadImage> {
    switch item {
    case .identity(let id, let identity, let digest): .identity(id: id, identity, digest: digest)
    case .image(let id, let image, let target): .image(id: id, analyser.read(image), target)
    }
  }

  private static func answer(_ item: Item<Analyser.ReadImage>, with analyser: Analyser) -> WorkerReply {
    switch item {
    case .identity(let id, let identity, let digest):
      return .identified(id: id, identity, digest: digest)
    case .image(let id, let image, let target):
      do {
        let result = try analyser.finish(
          image, into: URL(filePath: target.output), tensors: target.tensors, of: target.content,
          on: target.terms)
        return .finished(id: id, row: result.row, detail: result.detail)
      } catch {
        return .cannotWrite(id: id, path: error.path, message: error.message)
      }
    }
  }

  private static func prepareProcess() {
    // The parent decides when to end; a Ctrl-C or a stop reaches the whole group of processes.
    signal(SIGINT, SIG_IGN)
    signal(SIGTERM, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    // A core would hold a patient's image.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
  }
}

/// Standard output as a stream of replies. Whatever a library prints goes to standard error instead.
private struct ReplyWriter {
  private let descriptor: Int32

  init() {
    descriptor = dup(STDOUT_FILENO)
    dup2(STDERR_FILENO, STDOUT_FILENO)
  }

  func send(_ reply: WorkerReply) {
    guard var line = try? Array(JSONEncoder().encode(reply)) else { return }
    line.append(UInt8(ascii: "\n"))
    var written = 0
    while written < line.count {
      let count = unsafe line[written...].withUnsafeBytes {
        unsafe write(descriptor, $0.baseAddress!, $0.count)
      }
      if count < 0 && errno == EINTR { continue }
      // The parent is gone: nobody wants the answers any more.
      guard count > 0 else { _exit(0) }
      written += count
    }
  }
}

/// Standard input as a stream of requests.
private enum RequestReader {
  private static let open = Atomic<Int>(0)

  /// Reads on a thread of its own, so that the end of the input is noticed while an image is being decoded.
  static func requests() -> AsyncStream<WorkerRequest> {
    let (stream, continuation) = AsyncStream.makeStream(of: WorkerRequest.self)
    DispatchQueue(label: "requests").async {
      while let line = readLine() {
        guard let request = try? JSONDecoder().decode(WorkerRequest.self, from: Data(line.utf8)) else {
          break
        }
        open.add(1, ordering: .relaxed)
        continuation.yield(request)
      }
      // A parent closes the pipe only when it has every answer. With requests open it has died; a new one
      // may already be at work on the same files.
      if open.load(ordering: .relaxed) > 0 { _exit(0) }
      continuation.finish()
    }
    return stream
  }

  static func answered() { open.subtract(1, ordering: .relaxed) }
}
