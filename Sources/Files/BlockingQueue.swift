package import Dispatch

/// Dispatch queues whose work may wait for disks and locks: their threads aren't those of the pool that all tasks share.
package enum BlockingQueue {
  private static let mark = DispatchSpecificKey<Bool>()

  /// Marks a queue as one of them.
  package static func admit(_ queue: DispatchQueue) { queue.setSpecific(key: mark, value: true) }

  /// Whether the caller runs on one of them, so that it may wait where it stands.
  package static var isCurrent: Bool { DispatchQueue.getSpecific(key: mark) ?? false }
}
