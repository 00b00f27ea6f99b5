import Dispatch
import Synchronization

/// Does two things at the same time, one of them on the calling thread, and returns when both are done.
package func simultaneously<First: Sendable, Second: Sendable, Failure: Error>(
  _ first: @Sendable () throws(Failure) -> First, _ second: @Sendable () throws(Failure) -> Second
) throws(Failure) -> (First, Second) {
  let firstResult = Mutex<Result<First, Failure>?>(nil)
  let secondResult = Mutex<Result<Second, Failure>?>(nil)
  DispatchQueue.concurrentPerform(iterations: 2) { index in
    if index == 0 {
      let result = Result(catching: first)
      firstResult.withLock { $0 = result }
    } else {
      let result = Result(catching: second)
      secondResult.withLock { $0 = result }
    }
  }
  guard let one = firstResult.withLock({ $0 }), let other = secondResult.withLock({ $0 }) else {
    preconditionFailure("concurrentPerform returned early")
  }
  return (try one.get(), try other.get())
}
