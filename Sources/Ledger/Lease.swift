/// The right of one holder to work on something for a while.
package struct Lease: Sendable, Hashable {
  /// Fencing token: larger than that of every earlier lease in this ledger. Whoever comes with another than the
  /// row's is refused, however late, so that a host that wakes after its lease can't write.
  package let token: Int64
  /// Which daemon; it gives its own leases back when it starts.
  package let holder: String
  /// How long.
  package let wait: Wait

  package init(token: Int64, holder: String, wait: Wait) {
    self.token = token
    self.holder = holder
    self.wait = wait
  }

  /// The same right until later.
  func renewed(_ wait: Wait) -> Lease { Lease(token: token, holder: holder, wait: wait) }
}
