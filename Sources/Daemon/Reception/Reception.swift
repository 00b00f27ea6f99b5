package import DICOMNetwork
import Files
import FoundationEssentials
package import Logging
import ServiceLifecycle
import SystemPackage

/// Keeps a receiver process running, takes in what it brings, and starts another with growing pauses when it dies.
package struct Reception: Sendable {
  private let settings: ReceptionSettings
  private let folders: InboxFolders
  private let intake: Intake
  private let commitments: (any CommitmentInbox)?
  private let logger: Logger
  private let executable: String
  /// Memory that the receiver may use, in bytes: a conversation takes some hundred kilobytes.
  private static let memory = 1 << 30
  /// One that has run so long was well.
  private static let soundTime = Duration.seconds(60)

  /// - Parameters:
  ///   - commitments: who is told of storage commitments; nil: they fail.
  ///   - executable: the program; by default the one that is running.
  package init(
    _ settings: ReceptionSettings, _ folders: InboxFolders, intake: Intake,
    commitments: (any CommitmentInbox)? = nil, logger: Logger,
    executable: String = ConfinedProcess.ownExecutable
  ) {
    self.settings = settings
    self.folders = folders
    self.intake = intake
    self.commitments = commitments
    self.logger = logger
    self.executable = executable
  }

  private static var isStopping: Bool { Task.isShuttingDownGracefully || Task.isCancelled }

  /// Runs until a stop is asked for.
  package func run() async {
    var breaker = Breaker()
    let note = PauseNote(.reception, folders)
    while !Self.isStopping {
      let begun = ContinuousClock.now
      let why: String
      do {
        try emptyFolder()
        why = try await converse(onReady: { note.clear() })
      } catch let failure as WriteFailure { why = "\(failure.concealingNames(in: folders))" } catch {
        why = "\(error)"
      }
      if Self.isStopping { break }
      if begun.duration(to: .now) > Self.soundTime { breaker.succeeded() }
      let wait = breaker.failed()
      logger.error(
        "the receiver ended; it is started again",
        metadata: ["why": "\(why)", "seconds": "\(wait.components.seconds)"])
      note.set(why)
      let end = ContinuousClock.now + wait
      while .now < end, !Self.isStopping { try? await Task.sleep(for: .milliseconds(200)) }
    }
    note.clear()
  }

  /// What lies there was never answered for, and is sent again.
  private func emptyFolder() throws {
    try Folder.create(folders.receiving)
    let place = FilePath(of: folders.receiving)
    guard let folder = OpenFolder(place) else {
      throw WriteFailure(path: place.text, action: "open", code: 0)
    }
    for name in folder.names() ?? [] { _ = folder.remove(name) }
  }

  /// From start to end of one receiver.
  /// - Returns: why it ended.
  private func converse(onReady: @escaping @Sendable () -> Void) async throws -> String {
    let process = WorkerProcess()
    let text = String(decoding: try JSONEncoder().encode(settings), as: UTF8.self)
    let arguments = [
      "receiver", "--settings", text, "--folder", folders.receiving.path, "--memory", String(Self.memory),
    ]
    // Not a child task: one that waits for a process that never ends would hold up everything.
    let running = Task { await process.run(executable, arguments, canKill: true) }
    defer { running.cancel() }
    var events = process.events.makeAsyncIterator()
    guard case .started(let control)? = await events.next() else { return "it can't be started" }
    var confinement = WorkerConfinement(
      readable: settings.address.usesTLS ? settings.tls.files.map { FilePath($0) } : [],
      writable: [FilePath(of: folders.receiving)])
    confinement.listens = true
    try await control.send(try confinement.line)
    let desk = ReceptionDesk(control, intake: intake, commitments: commitments)
    return await withTaskGroup(of: String?.self) { group in
      for _ in 0..<ReceptionDesk.batches {
        group.addTask {
          await desk.takeIn()
          return nil
        }
      }
      group.addTask {
        await desk.tellOfRoom()
        return nil
      }
      group.addTask {
        while !Self.isStopping { try? await Task.sleep(for: .milliseconds(100)) }
        control.close()
        // It ends with its input.
        guard (try? await Task.sleep(for: .seconds(5))) != nil else { return nil }
        control.kill()
        return nil
      }
      var why = "it ended without a word"
      reading: while let event = await events.next() {
        switch event {
        case .line(let line):
          guard let said = JSONLine.message(ReceiverLine.self, in: line) else {
            why = "it says something that makes no sense"
            control.kill()
            break reading
          }
          if case .cannotListen(let reason) = said { why = reason }
          if case .ready = said { onReady() }
          await hear(said, desk)
        case .ended(let error):
          if let error { why = "\(error)" }
          break reading
        case .started: break
        }
      }
      await desk.close()
      group.cancelAll()
      return why
    }
  }

  private func hear(_ line: ReceiverLine, _ desk: ReceptionDesk) async {
    switch line {
    case .ready(let missing):
      logger.notice("takes objects in from the network", metadata: ["address": "\(settings.address)"])
      if !missing.isEmpty {
        logger.warning(
          "the receiver is less shut in than it could be",
          metadata: ["missing": "\(missing.joined(separator: ", "))"])
      }
    case .cannotListen: break
    case .object(let id, let object): await desk.add(.object(id: id, object))
    case .commitment(let id, let result, let caller):
      await desk.add(.commitment(id: id, result, caller: caller))
    case .note(let text): logger.info("reception: \(PeerText.cleaned(text, limit: 300))")
    }
  }
}
