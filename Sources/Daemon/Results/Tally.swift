package import Analysis

/// How many images ended how.
public struct Tally: Sendable, Equatable, Codable {
  public var analysed = 0
  public var notAnalysed = 0
  public var rejected = 0

  public init() {}

  /// Images altogether.
  public var total: Int { analysed + notAnalysed + rejected }
  /// Whether every image was analysed.
  public var isClean: Bool { notAnalysed == 0 && rejected == 0 }

  package mutating func count(_ status: ReportRow.Status) {
    switch status {
    case .analysed: analysed += 1
    case .notAnalysed: notAnalysed += 1
    case .rejected: rejected += 1
    }
  }

  enum CodingKeys: String, CodingKey {
    case analysed, rejected
    case notAnalysed = "not_analysed"
  }
}
