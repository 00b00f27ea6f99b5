/// Something beside the radiograph's finding that tells it in an archive, such as its source or the patient's age: a
/// network may learn that instead, and fail wherever it isn't so.
public struct Shortcut: Hashable, Sendable, Codable, CustomStringConvertible {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// The images of a source, or with a trait, have one finding.
    case oneFinding = "one_finding"
    /// The images with a finding are of one source, or have one trait, which those with the other mostly don't.
    case oneGroup = "one_group"
    /// The ages of the two findings don't overlap.
    case agesApart = "ages_apart"
  }

  public let kind: Kind
  public let finding: Finding
  /// What tells it: `source`, `age`, `sex`, `view`, `device`, `bits` or `polarity`.
  public let trait: String
  /// Of the trait: the source's name, `AP`, `12`; of ages a group or a range in years.
  public let value: String
  /// The source that it holds in; nil for the archives as a whole.
  public let within: String?
  /// How many images it holds for, and out of how many; what is between them are exceptions.
  public let count, of: Int
  /// How many images with the other finding stand on the other side, and how many there are.
  public let others, ofOthers: Int

  /// One line, with counts.
  public var description: String {
    let other: Finding = finding == .normal ? .pneumonia : .normal
    let place = within.map { "\($0): " } ?? ""
    let group = trait == "source" ? value : "\(trait) \(value)"
    let share = count == of ? "all \(of)" : "\(count) of \(of)"
    let counts =
      switch kind {
      case .oneFinding:
        "\(group): \(share) findings are \(finding.rawValue), \(others) elsewhere \(other.rawValue)"
      case .oneGroup:
        "\(share) \(finding.rawValue) are \(group), but \(ofOthers - others) of \(ofOthers) \(other.rawValue)"
      case .agesApart:
        "all \(of) \(finding.rawValue) are of age \(value), and none of \(ofOthers) \(other.rawValue)"
      }
    return "\(place)\(counts); a network may learn the \(trait) instead of the finding"
  }
}
