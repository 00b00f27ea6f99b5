public import Archive
public import ArgumentParser
public import MultiMix

extension Finding: ExpressibleByArgument {}
extension System: ExpressibleByArgument {}
extension Objective.Consistency: ExpressibleByArgument {}

/// How many labels are kept: a number, or `all`.
struct LabelCount: ExpressibleByArgument {
  /// Nil for all.
  let limit: Int?

  init?(argument: String) {
    limit = Int(argument)
    if limit == nil && argument != "all" { return nil }
  }
}
