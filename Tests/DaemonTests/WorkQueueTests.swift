import Daemon
import Testing

@Suite("Work for the worker, and whom to blame when it dies")
struct WorkQueueTests {
  private struct Job: Identifiable, Sendable, Equatable {
    let id: Int
  }

  private func queue(_ count: Int, depth: Int = 2) -> WorkQueue<Job> {
    var queue = WorkQueue<Job>(depth: depth)
    queue.add((1...count).map(Job.init))
    return queue
  }

  /// "1" sends job 1, "wait" and "idle" are what they say.
  private func step(_ queue: inout WorkQueue<Job>) -> String {
    switch queue.next() {
    case .send(let job): "\(job.id)"
    case .awaitAnswer: "wait"
    case .idle: "idle"
    }
  }

  @Test("no more than the depth is in the worker")
  func depth() {
    var queue = queue(3)
    #expect((1...3).map { _ in step(&queue) } == ["1", "2", "wait"])
    #expect(queue.answered(1)?.id == 1)
    #expect((1...2).map { _ in step(&queue) } == ["3", "wait"])
    #expect(queue.answered(1) == nil)
    #expect(queue.answered(2) != nil && queue.answered(3) != nil)
    #expect(step(&queue) == "idle")
  }

  @Test("after a crash each suspect goes alone, before all others")
  func suspects() {
    var queue = queue(4)
    _ = (step(&queue), step(&queue))
    #expect(queue.workerLost() == nil)
    #expect((1...2).map { _ in step(&queue) } == ["1", "wait"])
    _ = queue.answered(1)
    #expect((1...2).map { _ in step(&queue) } == ["2", "wait"])
    _ = queue.answered(2)
    #expect((1...3).map { _ in step(&queue) } == ["3", "4", "wait"])
  }

  @Test("a file that loses its worker alone is given up, the others go on")
  func culprit() {
    var queue = queue(3)
    _ = (step(&queue), step(&queue))
    #expect(queue.workerLost() == nil)
    #expect(step(&queue) == "1")
    #expect(queue.workerLost() == Job(id: 1))
    #expect(step(&queue) == "2")
    _ = queue.answered(2)
    #expect((1...2).map { _ in step(&queue) } == ["3", "wait"])
  }

  @Test("a file that is alone by chance gets its second try all the same")
  func aloneByChance() {
    var queue = queue(1)
    #expect(step(&queue) == "1")
    #expect(queue.workerLost() == nil)
    #expect(step(&queue) == "1")
    #expect(queue.workerLost() == Job(id: 1))
    #expect(step(&queue) == "idle")
  }

  @Test("an idle worker may die without blame")
  func idle() {
    var queue = queue(1)
    _ = step(&queue)
    _ = queue.answered(1)
    #expect(queue.workerLost() == nil)
    #expect(step(&queue) == "idle")
  }

  @Test("a stop drops what wasn't sent")
  func stop() {
    var queue = queue(5)
    _ = (step(&queue), step(&queue))
    queue.stop()
    #expect(step(&queue) == "wait")
    _ = (queue.answered(1), queue.answered(2))
    #expect(step(&queue) == "idle")
  }
}
