/// An instance, by its lease, and what came of it.
package struct CompletedInstance: Sendable, Hashable {
  package let instance: Int64
  /// Of the lease.
  package let token: Int64
  package let completion: Completion

  package init(_ instance: Int64, token: Int64, _ completion: Completion) {
    self.instance = instance
    self.token = token
    self.completion = completion
  }
}
