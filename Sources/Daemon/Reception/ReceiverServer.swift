import DICOMNetwork
import Dispatch
import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage

/// The receiver process: listens, has conversations with peers, writes what they send into one folder and asks the daemon
/// about each. It is the only process that strangers can call.
public enum ReceiverServer {
  /// What it is started with beside its task.
  public struct Surroundings: Sendable {
    let memory: Int
    /// The socket that it listens on, once it is shut in.
    let socket: Int32?
    let lacks: [String]?

    public init(memory: Int, socket: Int32?, lacks: [String]?) {
      self.memory = memory
      self.socket = socket
      self.lacks = lacks
    }
  }

  /// Runs to the end of standard input.
  /// - Parameters:
  ///   - settings: JSON of ``ReceptionSettings``.
  ///   - folder: For what comes.
  /// - Returns: the exit status.
  public static func run(settings text: String, folder: String, _ surroundings: Surroundings) -> Int32 {
    for kind in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { signal(kind, SIG_IGN) }
    guard let settings = try? JSONDecoder().decode(ReceptionSettings.self, from: Data(text.utf8)) else {
      ReplyWriter().send(ReceiverLine.cannotListen("its settings make no sense"))
      return 78
    }
    do throws(NetworkFailure) {
      guard let socket = surroundings.socket, let lacks = surroundings.lacks else {
        // Before it is shut in, for then it may do it no more.
        let listener = try Listener(settings.address)
        let failure = WorkerSandbox.enter(
          model: nil, limits: WorkerLimits(memory: surroundings.memory, processorSeconds: 0),
          passing: ["--socket", String(listener.descriptor)])
        ErrorOutput.say("mmdicom receiver: \(failure)")
        return 70
      }
      return try serve(settings, folder, Listener(inherited: socket), lacks)
    } catch {
      ReplyWriter().send(ReceiverLine.cannotListen(error.detail))
      return 71
    }
  }

  private static func serve(
    _ settings: ReceptionSettings, _ folder: String, _ listener: consuming Listener, _ lacks: [String]
  ) throws(NetworkFailure) -> Int32 {
    let tls = settings.address.usesTLS ? try TLSContext(settings.tls, isServer: true) : nil
    let lines = ReplyWriter()
    let desk = AnswerDesk(lines)
    let provider = StorageProvider(settings, folder: folder, tls: tls, taker: desk)
    let missing = lacks + WorkerSandbox.fence(listens: true)
    lines.send(ReceiverLine.ready(missing: missing))
    DispatchQueue(label: "answers").async { desk.readAnswers() }
    let open = Atomic<Int>(0)
    // Some more than may be are told that they are too many; beyond that nobody is told anything.
    let most = settings.associations + 16
    while true {
      guard let (socket, peer) = listener.accept() else { continue }
      guard settings.networks.isEmpty || settings.networks.contains(where: { $0.contains(peer) }) else {
        Listener.hangUp(socket)
        desk.note("hung up on \(peer), which isn't in receive_addresses")
        continue
      }
      let count = open.add(1, ordering: .relaxed).newValue
      guard count <= most else {
        open.subtract(1, ordering: .relaxed)
        Listener.hangUp(socket)
        continue
      }
      // A queue of its own is a thread of its own.
      DispatchQueue(label: "association").async {
        provider.serve(socket: socket, from: peer, isFull: count > settings.associations)
        open.subtract(1, ordering: .relaxed)
      }
    }
  }
}

/// Asks the daemon about what came.
private final class AnswerDesk: ObjectTaker {
  private struct Waiting {
    let wakeUp = DispatchSemaphore(value: 0)
    var status: UInt16?
  }

  private let lines: ReplyWriter
  private let waiting = Mutex<[Int: Waiting]>([:])
  private let last = Atomic<Int>(0)
  private let hasRoom = Atomic<Bool>(true)
  /// Peers lose their patience sooner than the daemon; a peer that hears nothing sends the object again.
  private static let patience = DispatchTimeInterval.seconds(60)

  init(_ lines: ReplyWriter) { self.lines = lines }

  var isOpen: Bool { hasRoom.load(ordering: .relaxed) }

  func take(_ object: ReceivedObject) -> DIMSEStatus { ask { .object(id: $0, object) } ?? .outOfResources }

  func take(_ result: CommitmentResult, from caller: String) -> DIMSEStatus {
    ask { .commitment(id: $0, result, caller: caller) } ?? .processingFailure
  }

  func note(_ text: String) { lines.send(ReceiverLine.note(text)) }

  private func ask(_ line: (Int) -> ReceiverLine) -> DIMSEStatus? {
    let id = last.add(1, ordering: .relaxed).newValue
    let wakeUp = waiting.withLock { waiting in
      waiting[id] = Waiting()
      return waiting[id]?.wakeUp
    }
    lines.send(line(id))
    _ = wakeUp?.wait(timeout: .now() + Self.patience)
    return waiting.withLock { $0.removeValue(forKey: id)?.status }.map(DIMSEStatus.init)
  }

  /// Reads what the daemon says; without it there is nothing to be done.
  func readAnswers() {
    var input = JSONInput<ReceiverAnswer>()
    while let answer = input.next() {
      switch answer {
      case .room(let isOpen): hasRoom.store(isOpen, ordering: .relaxed)
      case .status(let id, let status):
        waiting.withLock { waiting in
          waiting[id]?.status = status
          waiting[id]?.wakeUp.signal()
        }
      }
    }
    _exit(0)
  }
}
