import DICOM
import Radiography

/// What a header says of the patient and of how the radiograph was taken, as far as a network might take it for the
/// finding; each nil where the header doesn't tell.
public struct ImageTraits: Hashable, Sendable, Codable {
  /// Years: see `PatientAge`.
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
    age = PatientAge(header)?.years
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
}

/// Ages that figures are told apart by.
public enum AgeGroup: String, Sendable, Codable, CaseIterable {
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
}
