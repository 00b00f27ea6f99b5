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

/// How many times as large batches are: a number, or `ranks`.
enum BatchFactor: ExpressibleByArgument {
  case times(Int)
  case ranks

  init?(argument: String) {
    if argument == "ranks" {
      self = .ranks
    } else if let number = Int(argument) {
      self = .times(number)
    } else {
      return nil
    }
  }
}
