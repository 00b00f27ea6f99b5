import Dispatch
import Foundation
import MultiMix
import Synchronization
import TestSupport
import Training

/// Ranks that are threads of a test.
final class ThreadRanks: RankGroup {
  let rank: Int
  private let post: PostOffice
  let executor = RankExecutor()
  /// Changes a message on its way from one rank to another.
  private let tamper: @Sendable (_ message: [UInt8], _ from: Int, _ to: Int) -> [UInt8]

  private init(
    _ rank: Int, _ post: PostOffice, _ tamper: @escaping @Sendable ([UInt8], Int, Int) -> [UInt8]
  ) {
    (self.rank, self.post, self.tamper) = (rank, post, tamper)
  }

  var count: Int { post.count }
  var neighbours: Int { post.count }

  func send(_ message: [UInt8], to other: Int) throws(RankFailure) {
    try post.put(tamper(message, rank, other), from: rank, to: other)
  }

  func receive(from other: Int) throws(RankFailure) -> [UInt8] { try post.take(from: other, to: rank) }

  func leave() {}

  func abandon(status: Int32) { post.close() }

  /// Bytes that went from rank to rank.
  static func bytes(of group: [ThreadRanks]) -> Int { group[0].post.bytes }

  static func group(
    _ count: Int,
    tamper: @escaping @Sendable ([UInt8], Int, Int) -> [UInt8] = { message, _, _ in message }
  ) -> [ThreadRanks] {
    let post = PostOffice(count)
    return (0..<count).map { ThreadRanks($0, post, tamper) }
  }

  /// Runs `body` on every rank; one that fails ends the others, as `mpirun` would.
  static func run<Value: Sendable>(
    _ group: [ThreadRanks], _ body: @escaping @Sendable (ThreadRanks) async throws -> Value
  ) async -> [Result<Value, any Error>] {
    await withTaskGroup(of: (Int, Result<Value, any Error>).self) { tasks in
      for rank in group {
        tasks.addTask(executorPreference: rank.executor) {
          do { return (rank.rank, .success(try await body(rank))) } catch {
            let isShared =
              error is CancellationError || (error as? TrainingError)?.isOfAllRanks ?? false
            if !isShared { rank.abandon(status: 1) }
            return (rank.rank, .failure(error))
          }
        }
      }
      var results: [Int: Result<Value, any Error>] = [:]
      for await (rank, result) in tasks { results[rank] = result }
      return group.compactMap { results[$0.rank] }
    }
  }
}

/// A rank's own threads, as many as it needs: one that waits for a message keeps none of those that others share.
final class RankExecutor: TaskExecutor {
  private let queue = DispatchQueue(label: "rank", attributes: .concurrent)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// Messages on their way.
private final class PostOffice: @unchecked Sendable {
  // Invariant: all that changes is guarded by `condition`.
  private var waiting: [[Int]: [[UInt8]]] = [:]
  private var isClosed = false
  private var sent = 0
  private let condition = NSCondition()
  let count: Int

  init(_ count: Int) { self.count = count }

  var bytes: Int { condition.withLock { sent } }

  func put(_ message: [UInt8], from: Int, to: Int) throws(RankFailure) {
    let isClosed = condition.withLock {
      waiting[[from, to], default: []].append(message)
      sent += message.count
      condition.broadcast()
      return self.isClosed
    }
    if isClosed { throw .lost(rank: to, "it has ended") }
  }

  func take(from: Int, to: Int) throws(RankFailure) -> [UInt8] {
    let message: [UInt8]? = condition.withLock {
      while waiting[[from, to]]?.isEmpty ?? true {
        if isClosed { return nil }
        condition.wait()
      }
      return waiting[[from, to]]?.removeFirst()
    }
    guard let message else { throw .lost(rank: from, "it has ended") }
    return message
  }

  func close() {
    condition.withLock {
      isClosed = true
      condition.broadcast()
    }
  }
}
