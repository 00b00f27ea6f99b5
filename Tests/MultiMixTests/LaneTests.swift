import Foundation
import MultiMix
import NeuralNetworks
import Synchronization
import Tensors
import TestSupport
import Testing

/// Sums over lanes: the same bits whatever computes them.
@Suite struct LaneTests {
  private static let architecture = Architecture(widths: [16, 32, 32], inputSize: 32)

  private struct Outcome: Equatable {
    let gradient: [UInt32]
    let terms: [UInt64]
  }

  private func network() -> MultiMixNetwork<Float> {
    let parameters = Parameters<Float>(Self.architecture.layout)
    for i in 0..<parameters.layout.count {
      let noise = Double(Goldens.lowbias32(UInt32(i) + 1)) / 4_294_967_296
      MemorySlice(parameters.memory, i..<i + 1)[0] = Float(0.3 * (noise - 0.5))
    }
    return MultiMixNetwork(parameters, Self.architecture)
  }

  private var batch: Batch<Float> {
    func image(_ n: Int) -> [Float] { PlainObjective.image(n).map { Float($0) } }
    var batch = Batch<Float>(size: 32)
    batch.segmentation = (0..<4).map { (image($0), image($0 + 20).map { $0 > 0.5 ? 1 : 0 }) }
    batch.segmentationUnlabelled = (4..<7).map(image)
    batch.classification = (7..<12).map { (image($0), $0 % 2) }
    batch.unlabelled = (12..<15).map { (image($0), image($0 + 20)) }
    return batch
  }

  private var objective: Objective {
    var objective = Objective()
    objective.tau = 0.5
    return objective
  }

  private func run(
    threads: Int, lanes: Int, exchange: any LaneExchange = OneProcess(), steps: Int = 2,
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws -> Outcome {
    let step = TrainingStep(network(), size: 32, threads: threads, lanes: lanes, exchange: exchange)
    let gradient = Parameters<Float>(Self.architecture.layout)
    var terms = LossValues()
    // The second finds the memory of the first.
    for _ in 0..<steps {
      terms = try step.run(batch, objective: objective, seed: 3, gradient: gradient, isCancelled: isCancelled)
    }
    return Outcome(gradient: gradient.memory.values.map(\.bitPattern), terms: terms.numbers.map(\.bitPattern))
  }

  @Test(arguments: [1, 2, 4, 16])
  func threadsChangeNoBit(lanes: Int) throws {
    let one = try run(threads: 1, lanes: lanes)
    #expect(one.gradient.contains { $0 != 0 })
    for threads in [2, 3, 8] { #expect(try run(threads: threads, lanes: lanes) == one, "\(threads) threads") }
  }

  /// Otherwise the tests above would show nothing: the order of the sums is what lanes are.
  @Test func lanesDo() throws {
    let outcomes = try [1, 4, 16].map { try run(threads: 1, lanes: $0) }
    #expect(outcomes[0].gradient != outcomes[1].gradient && outcomes[1].gradient != outcomes[2].gradient)
    for other in outcomes.dropFirst() {
      let values = [outcomes[0], other].map { $0.gradient.map { Float(bitPattern: $0) } }
      #expect(relativeError(values[0], values[1]) < 1e-5)
    }
  }

  /// Runs `body` for each of some processes, on threads of their own: they wait for one another.
  /// - Throws: the first error of one of them, whose letters the others may wait for in vain; `Deadlock` where they
  ///   don't end in time.
  private func inProcesses<Value: Sendable>(
    _ count: Int, within limit: DispatchTimeInterval = .seconds(300),
    _ body: @escaping @Sendable (Int) throws -> Value
  ) throws -> [Value] {
    let results = Shared<[Int: Result<Value, any Error>]>([:])
    let ended = DispatchSemaphore(value: 0)
    for i in 0..<count {
      Thread.detachNewThread {
        let result = Result { try body(i) }
        results.value.withLock { $0[i] = result }
        ended.signal()
      }
    }
    let deadline = DispatchTime.now() + limit
    for _ in 0..<count {
      guard ended.wait(timeout: deadline) == .success else { throw Deadlock() }
      for result in results.value.withLock({ $0 }).values { _ = try result.get() }
    }
    return try results.value.withLock { results in try (0..<count).map { try results[$0]!.get() } }
  }

  private struct Deadlock: Error {}
  private struct Lost: Error {}

  /// A process that ends too early fails its test, and so does one that waits for ever.
  @Test func brokenProcessesDontHang() {
    let post = Post()
    let lost = LaneShare(1, of: 2)
    #expect(throws: Lost.self) {
      try inProcesses(2) { i in
        if i == 1 { throw Lost() }
        _ = post.receive(for: lost)
      }
    }
    #expect(throws: Deadlock.self) {
      try inProcesses(1, within: .milliseconds(20)) { _ in _ = post.receive(for: lost) }
    }
  }

  /// Processes that exchange their sums as the protocol says.
  @Test(arguments: [2, 4, 8])
  func processesChangeNoBit(count: Int) throws {
    let one = try run(threads: 2, lanes: 8)
    let post = Post()
    let outcomes = try inProcesses(count) { i in
      try run(threads: i % 2 + 1, lanes: 8, exchange: Office(LaneShare(i, of: count), post))
    }
    for outcome in outcomes { #expect(outcome == one) }
  }

  /// One process is told to stop: no process takes the step.
  @Test func cancellationReachesEveryProcess() throws {
    let post = Post()
    let cancelled = try inProcesses(4) { i in
      do {
        _ = try run(
          threads: 1, lanes: 8, exchange: Office(LaneShare(i, of: 4), post), steps: 1, isCancelled: { i == 2 }
        )
        return false
      } catch is CancellationError {
        return true
      }
    }
    #expect(cancelled == [true, true, true, true])
  }

  /// A step that was stopped leaves nothing behind for the next.
  @Test func afterACancelledStepTheNextIsWhole() throws {
    let expected = try run(threads: 2, lanes: 4, steps: 1)
    let step = TrainingStep(network(), size: 32, threads: 2, lanes: 4)
    let gradient = Parameters<Float>(Self.architecture.layout)
    let asked = Shared(0)
    let stop = { @Sendable in
      asked.value.withLock { count in
        count += 1
        return count > 5
      }
    }
    #expect(throws: CancellationError.self) {
      try step.run(batch, objective: objective, seed: 9, gradient: gradient, isCancelled: stop)
    }
    #expect(gradient.memory.values.allSatisfy { $0 == 0 })
    let terms = try step.run(batch, objective: objective, seed: 3, gradient: gradient)
    #expect(gradient.memory.values.map(\.bitPattern) == expected.gradient)
    #expect(terms.numbers.map(\.bitPattern) == expected.terms)
  }

  @Test func sharesHalveEachOther() {
    let share = LaneShare(1, of: 4)
    #expect(Array(share.lanes(of: 16)) == [1, 5, 9, 13])
    #expect(share.sibling == LaneShare(3, of: 4) && share.parent == LaneShare(1, of: 2))
    #expect(
      share.isFirstHalf && !LaneShare(3, of: 4).isFirstHalf && LaneShare(3, of: 4).parent == share.parent)
    #expect(LaneShare.whole.sibling == nil && LaneShare.whole.parent == nil)
    for count in [1, 2, 4, 8, 16] {
      let all = (0..<count).flatMap { Array(LaneShare($0, of: count).lanes(of: 16)) }
      #expect(all.sorted() == Array(0..<16))
    }
  }

  @Test func termsTravelAsNumbers() {
    var terms = LossValues()
    terms.numbers = (1...terms.numbers.count).map(Double.init)
    var copy = LossValues()
    copy.numbers = terms.numbers
    #expect(copy == terms && Set(terms.numbers).count == terms.numbers.count)
    #expect(terms.weakProbabilities == [9, 10] && terms.classification == 1)
  }
}

/// What several threads write.
private final class Shared<Value: Sendable>: Sendable {
  let value: Mutex<Value>
  init(_ value: Value) { self.value = Mutex(value) }
}

/// Letters between processes that are threads of a test.
private final class Post: @unchecked Sendable {
  // Invariant: guarded by `condition`.
  private var letters: [LaneShare: [LaneSum<Float>]] = [:]
  private let condition = NSCondition()

  func send(_ sum: LaneSum<Float>, to share: LaneShare) {
    condition.withLock {
      letters[share, default: []].append(sum)
      condition.broadcast()
    }
  }

  func receive(for share: LaneShare) -> LaneSum<Float> {
    condition.withLock {
      while letters[share]?.isEmpty ?? true { condition.wait() }
      return letters[share]!.removeFirst()
    }
  }
}

/// One process's place in the exchange: up the tree pairwise, and the whole down again. Letters carry numbers, no
/// memory that two processes would share.
private struct Office: LaneExchange {
  let share: LaneShare
  let post: Post

  init(_ share: LaneShare, _ post: Post) { (self.share, self.post) = (share, post) }

  func joined<Element: Scalar>(_ own: LaneSum<Element>) throws -> LaneSum<Element> {
    guard let float = own as? LaneSum<Float>, let whole = joined(float) as? LaneSum<Element> else {
      throw CancellationError()
    }
    return whole
  }

  private func joined(_ own: LaneSum<Float>) -> LaneSum<Float> {
    var sum = own
    var node = share
    // Where the answer is sent on to: those whose sums were taken up.
    var below: [LaneShare] = []
    while let sibling = node.sibling, let parent = node.parent {
      if node.isFirstHalf {
        _ = sum.takeUp(post.receive(for: LaneShare(node.index, of: 2 * node.count)))
        below.append(sibling)
      } else {
        post.send(copy(sum), to: LaneShare(sibling.index, of: 2 * node.count))
        sum = post.receive(for: LaneShare(node.index, of: node.count * 1024))
        break
      }
      node = parent
    }
    for other in below.reversed() { post.send(copy(sum), to: LaneShare(other.index, of: other.count * 1024)) }
    return sum
  }

  private func copy(_ sum: LaneSum<Float>) -> LaneSum<Float> {
    var copy = sum
    copy.gradient = sum.gradient.map { Parameters(ParameterValues($0)) }
    return copy
  }
}
