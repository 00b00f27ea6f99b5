/// What to send to the worker next, and whom to blame when it dies. Pure.
///
/// Up to `depth` files are in the worker at a time, so that one is decoded while others are in the network
/// and being written. When the worker is lost, nobody knows which of them did it: each goes in once more, alone. A
/// file that loses its worker when it is alone is given up.
package struct WorkQueue<Job: Identifiable & Sendable>: Sendable where Job.ID == Int {
  /// The next thing to do.
  package enum Step {
    /// Send this job to the worker.
    case send(Job)
    /// Wait for an answer.
    case awaitAnswer
    /// Nothing is left.
    case idle
  }

  private let depth: Int
  private var waiting: ArraySlice<Job> = []
  private var suspects: ArraySlice<Job> = []
  private var inWorker: [Job] = []
  private var isAlone = false

  /// At most `depth` jobs in the worker at a time.
  package init(depth: Int) {
    precondition(depth > 0)
    self.depth = depth
  }

  /// Puts jobs at the end of the queue.
  package mutating func add(_ jobs: some Sequence<Job>) {
    waiting.append(contentsOf: jobs)
  }

  /// Whether the worker has something to do and could have more of it, and nothing waits.
  package var hasRoom: Bool {
    waiting.isEmpty && suspects.isEmpty && !isAlone && !inWorker.isEmpty && inWorker.count < depth
  }

  /// Decides the next step; a job handed out counts as sent.
  package mutating func next() -> Step {
    if inWorker.isEmpty { isAlone = false }
    if inWorker.isEmpty, let suspect = suspects.popFirst() {
      isAlone = true
      inWorker = [suspect]
      return .send(suspect)
    }
    if suspects.isEmpty, !isAlone, inWorker.count < depth, let job = waiting.popFirst() {
      inWorker.append(job)
      return .send(job)
    }
    return inWorker.isEmpty ? .idle : .awaitAnswer
  }

  /// The worker answered for the job `id`; nil when it wasn't asked.
  package mutating func answered(_ id: Int) -> Job? {
    guard let index = inWorker.firstIndex(where: { $0.id == id }) else { return nil }
    return inWorker.remove(at: index)
  }

  /// The worker is gone. Returns the job that is given up, if one is to blame for sure.
  package mutating func workerLost() -> Job? {
    defer { inWorker = [] }
    if isAlone { return inWorker.first }
    suspects.append(contentsOf: inWorker)
    return nil
  }

  /// Drops what hasn't been sent; what is in the worker may still be answered.
  package mutating func stop() {
    waiting = []
    suspects = []
  }
}
