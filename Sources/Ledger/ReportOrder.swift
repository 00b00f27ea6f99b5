/// Which of an image's rows in the report is the current one.
package struct ReportOrder: Sendable, Hashable, Comparable {
  /// A file that can't be used says nothing about an image that was read before.
  package let isUsable: Bool
  /// Otherwise what came last counts, not what was finished last: studies are drawn out of order.
  package let instance: Int64

  package init(_ verdict: Verdict, instance: Int64) {
    isUsable = verdict != .rejected
    self.instance = instance
  }

  package static func < (left: ReportOrder, right: ReportOrder) -> Bool {
    left.isUsable == right.isUsable ? left.instance < right.instance : !left.isUsable
  }
}
