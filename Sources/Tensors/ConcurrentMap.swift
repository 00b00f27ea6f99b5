import Dispatch
import Synchronization

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
