internal import CKernels

/// A team of threads that shares the loops of one operation after another, and the scratch memory that
/// those loops need. One worker runs everything on the calling thread.
///
/// Results don't depend on the number of workers: work is cut into blocks of fixed size whose partial
/// sums are added in order.
@safe public final class Workers: @unchecked Sendable {
  // Invariant: used by one thread at a time, as everything that computes with it is owned by one thread.
  let team: OpaquePointer

  /// - Parameter count: threads, including the caller's.
  public init(count: Int) {
    guard let team = unsafe ck_workers_create(Int32(max(1, count))) else {
      fatalError("no memory for workers")
    }
    unsafe self.team = team
  }

  deinit { unsafe ck_workers_destroy(team) }

  /// Threads that started.
  public var count: Int { Int(unsafe ck_workers_count(team)) }
}
