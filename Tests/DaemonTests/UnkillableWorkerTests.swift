import Analysis
import Daemon
import Files
import Foundation
import Glibc
import Synchronization
import SystemPackage
import Testing

/// A worker that no signal reaches, as one in uninterruptible sleep: simulated by a process that stands still and by
/// signals that aren't sent.
@Suite(.timeLimit(.minutes(10))) struct UnkillableWorkerTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func launcher(_ script: String, _ left: Shared) throws -> ProcessWorkerLauncher {
    let program = try folder.write("#!/bin/sh\n\(script)\n", "worker")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
    return ProcessWorkerLauncher(
      executable: program.path, model: "m", threads: 1, confinement: WorkerConfinement(readable: []),
      timeLimit: .milliseconds(300), grace: .milliseconds(200), canKill: false
    ) { process in left.mutex.withLock { $0.append(process) } }
  }

  @Test("it is left behind: who waits for its answer, and for its end, goes on")
  func leftBehind() async throws {
    let left = Shared([])
    let launcher = try launcher(
      #"echo '{"ready":{"model":"m","sha256":"ab","missing":[]}}'; exec sleep 3600"#, left)
    let reply = try await launcher.withWorker { session in
      #expect(try await session.reply() == .ready(model: "m", sha256: "ab"))
      try await session.send(.identify(id: 1, path: "x"))
      return try await session.reply()
    }
    #expect(reply == nil)
    let process = try #require(left.mutex.withLock { $0 }.first)
    #expect(kill(pid_t(process), 0) == 0)
    kill(pid_t(process), SIGKILL)
  }

  @Test("one that doesn't even start to speak is left likewise, and a loop over it ends with an error")
  func mute() async throws {
    let left = Shared([])
    let launcher = try launcher("exec sleep 3600", left)
    await #expect(throws: WorkerFailure.self) { _ = try await launcher.greeting() }
    for process in left.mutex.withLock({ $0 }) { kill(pid_t(process), SIGKILL) }
  }

  @Test("a program that can't be started is an error at once")
  func missing() async throws {
    let launcher = ProcessWorkerLauncher(
      executable: "/nonexistent/mmdicom", model: "m", threads: 1,
      confinement: WorkerConfinement(readable: []), timeLimit: .seconds(60))
    await #expect(throws: (any Error).self) { _ = try await launcher.greeting() }
  }
}

/// Numbers that closures may add to.
private final class Shared: Sendable {
  let mutex: Mutex<[Int]>

  init(_ value: [Int]) { mutex = Mutex(value) }
}
