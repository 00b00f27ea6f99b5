import DICOM
package import FoundationEssentials

/// What was found in one image, for systems that speak other languages than DICOM. The messages made of it are the same
/// bytes whenever they are made of the same image, model and date.
package struct ResultMessage: Sendable, Equatable {
  /// Every message says so.
  package static let mark = "Research use only, not for diagnosis"

  /// As the result objects of the image have it, which needn't be as the image has it.
  package var identity: ImageIdentity
  /// As the result objects have it: components of a name by `^` (PS3.5 section 6.2.1), the first representation of it.
  package var patientName = ""
  /// DICOM date, or empty.
  package var patientBirthDate = ""
  /// `M`, `F`, `O`, or empty.
  package var patientSex = ""
  package var finding: String
  package var isPositive: Bool
  /// Whether the model leaves the finding open.
  package var isUncertain = false
  /// 0...1.
  package var pneumoniaProbability: Double
  /// 0...1.
  package var lungFraction: Double
  /// mm²; nil where no pixel spacing holds inside the patient.
  package var lungArea: Double?
  /// Name and version.
  package var modelName: String
  package var createdAt: Date

  package init(
    identity: ImageIdentity, finding: String, isPositive: Bool, pneumoniaProbability: Double,
    lungFraction: Double, lungArea: Double?, modelName: String, createdAt: Date
  ) {
    (self.identity, self.finding, self.isPositive) = (identity, finding, isPositive)
    (self.pneumoniaProbability, self.lungFraction) = (pneumoniaProbability, lungFraction)
    (self.lungArea, self.modelName, self.createdAt) = (lungArea, modelName, createdAt)
  }

  /// The finding in words.
  var stated: String { isUncertain ? "\(finding) (uncertain)" : finding }

  /// The study date's year, month and day; nil where it is no date.
  var studyDay: (year: Substring, month: Substring, day: Substring)? { Self.day(identity.studyDate) }

  static func day(_ text: String) -> (year: Substring, month: Substring, day: Substring)? {
    guard text.utf8.count == 8, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
      (1...12).contains(Int(text.dropFirst(4).prefix(2)) ?? 0), (1...31).contains(Int(text.suffix(2)) ?? 0)
    else { return nil }
    return (text.prefix(4), text.dropFirst(4).prefix(2), text.suffix(2))
  }

  /// `2026-01-02T03:04:05Z`.
  var issued: String { createdAt.formatted(.iso8601) }
}

extension ResultMessage {
  init(_ objects: ResultObjects) {
    let findings = objects.findings
    let carried = CarriedIdentity(of: objects.source).dataSet
    self.init(
      identity: ImageIdentity(carried), finding: findings.finding, isPositive: findings.isPositive,
      pneumoniaProbability: findings.pneumoniaProbability, lungFraction: findings.lungFraction,
      lungArea: findings.lungArea, modelName: objects.maker.modelName, createdAt: objects.createdAt)
    isUncertain = findings.isUncertain
    patientName = carried.string(.patientName) ?? ""
    patientBirthDate = carried.string(.patientBirthDate) ?? ""
    patientSex = carried.string(.patientSex) ?? ""
  }
}
