public import DICOM

/// Why it isn't certain that the network may read an image that it reads all the same.
public enum ScopeNote: Hashable, Sendable, CustomStringConvertible {
  /// The data set says neither body part nor view: that it is a frontal chest is taken on trust.
  case unstated
  /// The patient was of an age, in years, that the model wasn't made for.
  case ageOutside(ClosedRange<Double>)

  /// What holds for a data set.
  /// - Parameter ages: in years, that the model may read; nil where it doesn't say.
  public static func notes(of dataSet: DataSet, ages: ClosedRange<Double>?) -> [ScopeNote] {
    var notes: [ScopeNote] = Eligibility.isUnstated(dataSet) ? [.unstated] : []
    // Somebody is five until the sixth birthday.
    if let ages, let age = PatientAge(dataSet),
      age.years < ages.lowerBound || age.years >= ages.upperBound + 1
    {
      notes.append(.ageOutside(ages))
    }
    return notes
  }

  /// Short coded reason for reports.
  public var code: String {
    switch self {
    case .unstated: "body_part_and_view_unstated"
    case .ageOutside: "age_outside_range"
    }
  }

  /// One line for people.
  public var description: String {
    switch self {
    case .unstated: "says neither body part nor view; taken for a frontal chest"
    case .ageOutside(let ages):
      "the patient's age isn't among those the model is for (\(years(ages.lowerBound)) to \(years(ages.upperBound)) years)"
    }
  }

  private func years(_ number: Double) -> String {
    Int(exactly: number).map { String($0) } ?? String(number)
  }
}
