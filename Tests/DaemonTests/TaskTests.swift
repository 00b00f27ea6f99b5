import Daemon
import Dispatch
import Testing

@Suite("Work that waits", .timeLimit(.minutes(5)))
struct TaskTests {
  private actor Waiter {
    private nonisolated let executor = QueueExecutor("test")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private(set) var order: [Int] = []

    func wait(_ semaphore: DispatchSemaphore, _ number: Int) {
      Self.block(on: semaphore)
      order.append(number)
    }

    private static nonisolated func block(on semaphore: DispatchSemaphore) { semaphore.wait() }
  }

  @Test("actors that are blocked take no thread from the others, however many they are")
  func blocked() async {
    let (count, semaphore) = (100, DispatchSemaphore(value: 0))
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<count {
        let waiter = Waiter()
        group.addTask { await waiter.wait(semaphore, number) }
      }
      // On the shared pool nothing would run any more.
      group.addTask {
        for _ in 0..<count {
          await Task.yield()
          semaphore.signal()
        }
      }
    }
  }

  @Test("one after the other")
  func serial() async {
    // One that ends with less than it began with is an error of its owner's.
    let (waiter, semaphore) = (Waiter(), DispatchSemaphore(value: 0))
    for _ in 0..<100 { semaphore.signal() }
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<100 { group.addTask { await waiter.wait(semaphore, number) } }
    }
    #expect(await waiter.order.sorted() == Array(0..<100))
  }

  @Test("what is handed over comes in order, and the bound holds")
  func handover() async throws {
    let handover = Handover<Int>(bound: 3)
    async let sent: Void = {
      for number in 1...1000 { try await handover.put(number) }
      await handover.close()
    }()
    var received: [Int] = []
    while let number = try await handover.next() { received.append(number) }
    try await sent
    #expect(received == Array(1...1000))
    #expect(try await handover.next() == nil)
  }

  @Test("who is faster waits")
  func bound() async throws {
    let handover = Handover<Int>(bound: 2)
    try await handover.put(1)
    try await handover.put(2)
    let third = Task { try await handover.put(3) }
    for _ in 1...100 { await Task.yield() }
    #expect(await handover.nextIfAny() == 1)
    try await third.value
    #expect(await handover.nextIfAny() == 2)
    #expect(await handover.nextIfAny() == 3)
    #expect(await handover.nextIfAny() == nil)
  }

  @Test("who waits can be cancelled, on either side, also before it waits")
  func cancelled() async throws {
    let full = Handover<Int>(bound: 1)
    try await full.put(1)
    for _ in 1...50 {
      let (putting, taking) = (
        Task { try await full.put(2) }, Task { try await Handover<Int>(bound: 1).next() }
      )
      if Bool.random() { await Task.yield() }
      putting.cancel()
      taking.cancel()
      await #expect(throws: CancellationError.self) { try await putting.value }
      await #expect(throws: CancellationError.self) { _ = try await taking.value }
    }
    #expect(await full.nextIfAny() == 1)
    #expect(await full.nextIfAny() == nil)
  }

  @Test("who waits where nobody takes or puts any more is told, and so is who comes later")
  func abandoned() async throws {
    let (full, empty) = (Handover<Int>(bound: 1), Handover<Int>(bound: 1))
    try await full.put(1)
    let (putting, taking) = (Task { try await full.put(2) }, Task { try await empty.next() })
    for _ in 1...100 { await Task.yield() }
    await full.abandon()
    await empty.abandon()
    await #expect(throws: CancellationError.self) { try await putting.value }
    await #expect(throws: CancellationError.self) { _ = try await taking.value }
    await #expect(throws: CancellationError.self) { try await full.put(3) }
    #expect(await full.nextIfAny() == nil)
  }
}
