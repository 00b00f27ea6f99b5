/// What `mmdicom doctor` found of one thing.
public struct Examination: Sendable, Equatable, Codable {
  public enum Verdict: String, Sendable, Codable, Comparable {
    /// As it should be.
    case well
    /// It works, and may not for long, or not as somebody expects.
    case doubtful
    /// It keeps the daemon from its work.
    case ill

    private var rank: Int {
      switch self {
      case .well: 0
      case .doubtful: 1
      case .ill: 2
      }
    }

    public static func < (left: Verdict, right: Verdict) -> Bool { left.rank < right.rank }
  }

  /// What was looked at: `folder inbox`, `port`, `model` ...
  public var subject: String
  public var verdict: Verdict
  public var finding: String
  /// Empty where nothing is to be done.
  public var remedy: String

  public init(_ subject: String, _ verdict: Verdict, _ finding: String, remedy: String = "") {
    (self.subject, self.verdict, self.finding, self.remedy) = (subject, verdict, finding, remedy)
  }

  /// One line for people, and one for what to do.
  public var text: String {
    let mark =
      switch verdict {
      case .well: "ok  "
      case .doubtful: "look"
      case .ill: "ILL "
      }
    return "\(mark)  \(subject): \(finding)\n" + (remedy.isEmpty ? "" : "      -> \(remedy)\n")
  }
}
