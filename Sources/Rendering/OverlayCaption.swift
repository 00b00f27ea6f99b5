/// What is written under an overlay. Nothing in it identifies a patient.
public struct OverlayCaption: Sendable, Equatable {
  /// Calibrated probability of pneumonia, 0...1.
  public var pneumoniaProbability: Double
  /// The finding in words, such as "pneumonia" or "normal".
  public var finding: String
  /// Whether the model leaves the finding open.
  public var isUncertain: Bool
  /// Share of the image that the lungs cover, 0...1.
  public var lungFraction: Double?
  /// Area of the lungs in mm²; only where the pixel spacing is calibrated.
  public var lungArea: Double?
  public var modelName: String
  public var modelVersion: String

  public init(
    pneumoniaProbability: Double, finding: String, isUncertain: Bool = false, lungFraction: Double? = nil,
    lungArea: Double? = nil, modelName: String, modelVersion: String
  ) {
    self.pneumoniaProbability = pneumoniaProbability
    self.finding = finding
    self.isUncertain = isUncertain
    self.lungFraction = lungFraction
    self.lungArea = lungArea
    self.modelName = modelName
    self.modelVersion = modelVersion
  }

  /// Stands on every picture.
  static let warning = "RESEARCH USE ONLY - NOT FOR DIAGNOSIS"

  /// "Pneumonia probability 0.87 - finding: pneumonia", or "... (uncertain)". A probability that rounds to 0 or 1 is given as a bound:
  /// no network is certain.
  public var headline: String {
    let hundredths = Int((min(max(pneumoniaProbability, 0), 1) * 100).rounded())
    let probability =
      switch hundredths {
      case 0: "< 0.01"
      case 100: "> 0.99"
      default: "0." + (hundredths < 10 ? "0" : "") + "\(hundredths)"
      }
    return "Pneumonia probability \(probability) - finding: \(finding)\(isUncertain ? " (uncertain)" : "")"
  }

  /// "31 % of the image, 412 cm²"; nil where nothing is known.
  var lungs: String? {
    guard let lungFraction else { return nil }
    let share = "\(Int((lungFraction * 100).rounded())) % of the image"
    return lungArea.map { "\(share), \(Int(($0 / 100).rounded())) cm²" } ?? share
  }

  var model: String { "\(modelName) \(modelVersion)" }
}
