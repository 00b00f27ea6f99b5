public import DICOM

/// How old a patient was when the image was taken.
public struct PatientAge: Sendable, Equatable {
  public let years: Double

  /// From Patient's Age (0010,1010), or else from the dates of birth and of the study; nil where neither tells.
  public init?(_ dataSet: DataSet) {
    if let stated = dataSet.string(.patientAge).flatMap({ Self.stated($0) }) {
      years = stated
      return
    }
    guard let birth = Self.days(dataSet.string(.patientBirthDate)),
      let study = Self.days(dataSet.string(.acquisitionDate) ?? dataSet.string(.studyDate)), study >= birth
    else { return nil }
    years = (study - birth) / 365.2425
  }

  /// `nnnD`, `nnnW`, `nnnM`, `nnnY`; without a unit years are meant, and devices leave the zeros in front away. An age
  /// of 0 years stands where nobody knew it.
  private static func stated(_ text: String) -> Double? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard (1...3).contains(digits.count), let number = Double(digits) else { return nil }
    switch text.dropFirst(digits.count).uppercased() {
    case "D": return number / 365.2425
    case "W": return number * 7 / 365.2425
    case "M": return number / 12
    case "Y", "": return number > 0 ? number : nil
    default: return nil
    }
  }

  /// Of a date in the proleptic Gregorian calendar, counted from a day long ago.
  private static func days(_ text: String?) -> Double? {
    guard let date = text.flatMap({ DateShape.date($0) }), let year = Int(date.prefix(4)),
      let month = Int(date.dropFirst(4).prefix(2)), let day = Int(date.suffix(2))
    else { return nil }
    // Years begin in March, so that the leap day is the last of one.
    let shifted = month > 2 ? (year, month - 3) : (year - 1, month + 9)
    let (y, m) = shifted
    return Double(365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day)
  }
}
