import DICOM
import FoundationEssentials

/// What a header says of the patient and of how the radiograph was taken, as far as a network might take it for the
/// finding; each nil where the header doesn't tell.
public struct ImageTraits: Hashable, Sendable, Codable {
  /// Years, from Patient's Age (0010,1010), or from the dates of birth and study.
  public var age: Double?
  /// Patient's Sex (0010,0040): `M`, `F` or `O`.
  public var sex: String?
  /// View Position (0018,5101).
  public var view: String?
  /// Manufacturer and model.
  public var device: String?
  /// Bits Stored (0028,0101).
  public var bits: Int?
  /// Photometric Interpretation (0028,0004).
  public var polarity: String?

  public init() {}

  init(_ header: DataSet) {
    age = Self.age(header)
    sex = Self.word(header, .patientSex)
    view = Self.word(header, .viewPosition)
    let device = [Tag.manufacturer, .manufacturerModelName].compactMap { header.string($0) }
      .filter { !$0.isEmpty }.joined(separator: " ")
    self.device = device.isEmpty ? nil : device
    bits = header.integer(.bitsStored)
    polarity = Self.word(header, .photometricInterpretation)
  }

  private static func word(_ header: DataSet, _ tag: Tag) -> String? {
    header.string(tag).flatMap { $0.isEmpty ? nil : $0.uppercased() }
  }

  private static func age(_ header: DataSet) -> Double? {
    if let text = header.string(.patientAge), let age = years(text) { return age }
    guard let birth = header.string(.patientBirthDate).flatMap(day),
      let study = header.string(.studyDate).flatMap(day), study >= birth
    else { return nil }
    let age = study - birth
    return age < 150 ? age : nil
  }

  /// An age string (PS3.5 section 6.2, AS) such as `034Y`, in years; sloppy ones without leading zeros too.
  static func years(_ text: String) -> Double? {
    guard let unit = text.last, let count = Double(text.dropLast()), (0..<1000).contains(count),
      let inAYear = ["D": 365.25, "W": 52.18, "M": 12, "Y": 1][String(unit).uppercased()]
    else { return nil }
    let years = count / inAYear
    return years < 150 ? years : nil
  }

  /// A date `YYYYMMDD` in years since the year 0, to a day or two.
  private static func day(_ text: String) -> Double? {
    let digits = text.filter(\.isNumber)
    guard digits.count == 8, let number = Int(digits) else { return nil }
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100)
    guard year > 1800, (1...12).contains(month), (1...31).contains(day) else { return nil }
    return Double(year) + Double(month - 1) / 12 + Double(day - 1) / 365
  }
}

/// Ages that figures are told apart by.
public enum AgeGroup: String, Sendable, Codable, CaseIterable, Comparable {
  case infant = "0-4"
  case child = "5-17"
  case young = "18-39"
  case middle = "40-64"
  case old = "65+"

  /// - Parameter years: 0 or more.
  public init(years: Double) {
    self =
      switch years {
      case ..<5: .infant
      case ..<18: .child
      case ..<40: .young
      case ..<65: .middle
      default: .old
      }
  }

  public static func < (a: AgeGroup, b: AgeGroup) -> Bool {
    allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)!
  }
}
