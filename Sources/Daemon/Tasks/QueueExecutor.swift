import Dispatch
import Files

/// Runs an actor on a dispatch queue of its own: what it does may wait for disks, mounts and locks without taking a
/// thread from the pool that all tasks share. (Dispatch's own executor isn't there on Linux.)
///
/// A task that prefers it runs there also between its calls of the actor, and what it calls needn't wake a thread.
package final class QueueExecutor: SerialExecutor, TaskExecutor {
  private let queue: DispatchQueue

  /// - Parameter label: for debuggers.
  package init(_ label: String) {
    queue = DispatchQueue(label: "mmdicom." + label)
    BlockingQueue.admit(queue)
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async {
      unsafe job.runSynchronously(
        isolatedTo: self.asUnownedSerialExecutor(), taskExecutor: self.asUnownedTaskExecutor())
    }
  }
}
