import Analysis
import Daemon
import Dispatch
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

  private func launcher(
    _ script: String, _ left: Shared, timeLimit: Duration = .milliseconds(300), canKill: Bool = false
  ) throws -> ProcessWorkerLauncher {
    let program = try folder.write("#!/bin/sh\n\(script)\n", "worker")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
    return ProcessWorkerLauncher(
      executable: program.path, model: "m", threads: 1, confinement: WorkerConfinement(readable: []),
      timeLimit: timeLimit, grace: .milliseconds(200), canKill: canKill
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

  @Test("one that has answered isn't late where those who are to hear it wait for a disk")
  func unheard() async throws {
    let answer = WorkerReply.identified(id: 1, ImageIdentity(), digest: "d")
    try folder.write(String(decoding: try JSONEncoder().encode(answer), as: UTF8.self) + "\n", "answer")
    let limit = Duration.seconds(8)
    let launcher = try launcher(
      """
      echo '{"ready":{"model":"m","sha256":"ab","missing":[]}}'
      read confinement; read request; touch '\(folder.url.path)/asked'
      until [ -e '\(folder.url.path)/go' ]; do sleep 0.05; done
      cat '\(folder.url.path)/answer'; exec cat
      """, Shared([]), timeLimit: limit, canKill: true)
    let (executor, disk) = (QueueExecutor("test"), DispatchSemaphore(value: 0))
    let reply = Task(executorPreference: executor) {
      try await launcher.withWorker { session in
        _ = try await session.reply()
        try await session.send(.identify(id: 1, path: "x"))
        return try await session.reply()
      }
    }
    while folder.read("asked") == nil { try await Task.sleep(for: .milliseconds(20)) }
    // The answer is awaited by now.
    try await Task.sleep(for: .milliseconds(300))
    Task(executorPreference: executor) { Self.wait(for: disk) }
    try await Task.sleep(for: .milliseconds(100))
    try folder.write("", "go")
    try await Task.sleep(for: limit + .seconds(1))
    disk.signal()
    #expect(try await reply.value == answer)
  }

  private static func wait(for disk: DispatchSemaphore) { disk.wait() }

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
