import DICOMNetwork
import SystemPackage

/// Starts senders as processes of this same program (`mmdicom sender`), with JSON lines over pipes: what a peer answers is
/// opened only there.
struct ProcessSenderLauncher: SenderLauncher {
  private let process: ConfinedProcess

  /// Bytes of memory: objects are sent in pieces, and a DICOM object that is transcoded is held as a whole.
  static let limits = WorkerLimits(memory: 2 << 30, processorSeconds: 0)

  /// - Parameters:
  ///   - outbox: what it may read, beside certificates.
  ///   - silence: one that says nothing for so long is killed.
  init(
    reading outbox: FilePath, certificates: [FilePath], silence: Duration,
    onLeftBehind: @escaping @Sendable (_ process: Int) -> Void
  ) {
    var confinement = WorkerConfinement(readable: [outbox] + certificates)
    confinement.connects = true
    process = ConfinedProcess(
      arguments: ["sender"] + Self.limits.memoryArguments, confinement: confinement, timeLimit: silence,
      onLeftBehind: onLeftBehind)
  }

  func withSender<Result: Sendable>(
    _ body: @Sendable (any SenderSession) async throws -> Result
  ) async throws -> Result {
    try await process.withSession { try await body($0) }
  }
}

extension PipeSession: SenderSession {
  func send(_ request: SenderRequest) async throws { try await send(request as any Encodable) }

  func reply() async -> SenderReply? { await reply(SenderReply.self) }
}
