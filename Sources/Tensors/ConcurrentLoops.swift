import Dispatch
import Synchronization

// Loops over whole images, files and studies, on the system's threads. What the kernels share out inside one image
// runs on `Workers`, whose threads stay awake between the loops.

/// Applies `transform` to each index of a range on `threads` threads; results in order of the indices.
/// The calling thread is one of them and returns when all are done.
package func concurrentMap<Result: Sendable>(
  _ range: Range<Int>, threads: Int, _ transform: @Sendable (Int) -> Result
) -> [Result] {
  let next = Atomic<Int>(range.lowerBound)
  let results = Mutex<[Result?]>(Array(repeating: nil, count: range.count))
  DispatchQueue.concurrentPerform(iterations: max(1, min(threads, range.count))) { _ in
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < range.upperBound else { return }
      let result = transform(index)
      results.withLock { $0[index - range.lowerBound] = result }
    }
  }
  return results.withLock { $0.compactMap { $0 } }
}

/// The same in chunks, so that progress, and what is done with each chunk, stay on the calling thread.
package func concurrentMap<Result: Sendable, Failure: Error>(
  count: Int, threads: Int, chunk: Int, transform: @Sendable (Int) -> Result,
  chunkDone: (Range<Int>, [Result]) throws(Failure) -> Void
) throws(Failure) {
  var start = 0
  while start < count {
    let range = start..<min(start + chunk, count)
    try chunkDone(range, concurrentMap(range, threads: threads, transform))
    start = range.upperBound
  }
}

/// Does two things at the same time, one of them on the calling thread, and returns when both are done.
package func simultaneously<First: Sendable, Second: Sendable, Failure: Error>(
  _ first: @Sendable () throws(Failure) -> First, _ second: @Sendable () throws(Failure) -> Second
) throws(Failure) -> (First, Second) {
  let outcomes = concurrentMap(0..<2, threads: 2) { index -> OneOfTwo<First, Second, Failure> in
    index == 0 ? .first(Result(catching: first)) : .second(Result(catching: second))
  }
  guard case .first(let one) = outcomes[0], case .second(let other) = outcomes[1] else {
    preconditionFailure("results come in the order of the indices")
  }
  return (try one.get(), try other.get())
}

private enum OneOfTwo<First: Sendable, Second: Sendable, Failure: Error>: Sendable {
  case first(Result<First, Failure>)
  case second(Result<Second, Failure>)
}
