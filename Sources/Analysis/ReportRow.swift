/// One line of `report.csv`: what became of one image.
public struct ReportRow: Sendable, Equatable, Codable {
  /// What was done with the image.
  public enum Status: String, Sendable, Codable, CaseIterable {
    /// Read by the network; `notes` holds the codes of what a reader of the result should know.
    case analysed
    /// Readable, but not for this network: lateral, not a chest, our own output ...
    case notAnalysed = "not_analysed"
    /// Not usable: not DICOM, truncated, without pixels ...
    case rejected
  }

  /// Which image; every field empty when the file told none.
  public var identity: ImageIdentity
  /// What was done.
  public var status: Status
  /// Code of a refusal, or empty. A file without a SOP Instance UID is named behind the code and a colon, since nothing
  /// else in the row would tell which file it was.
  public var reason: String
  /// Calibrated probability of pneumonia, 0...1.
  public var pneumoniaProbability: Double?
  /// The class that the model's decision threshold gives, such as `pneumonia`.
  public var finding: String?
  /// Lung pixels / pixels inside the padding, 0...1.
  public var lungFraction: Double?
  /// Area of the lung fields in mm², only where the pixel spacing is calibrated.
  public var lungArea: Double?
  /// Name and version of the model.
  public var model: String
  /// SHA-256 of the model file, hexadecimal.
  public var modelSHA256: String
  /// When, in UTC: `2025-11-23T07:00:00Z`.
  public var analysedAt: String
  /// Wall-clock seconds of reading, inference and writing.
  public var seconds: Double
  /// Result files, relative to the folder of the report.
  public var outputs: [String]
  /// Codes of what a reader of the row should know; see ``ReportNote``.
  public var notes: [String] = []

  /// A row; what isn't known stays empty.
  public init(
    identity: ImageIdentity, status: Status, reason: String = "", model: String = "",
    modelSHA256: String = "",
    analysedAt: String, seconds: Double = 0
  ) {
    self.identity = identity
    self.status = status
    self.reason = reason
    self.model = model
    self.modelSHA256 = modelSHA256
    self.analysedAt = analysedAt
    self.seconds = seconds
    self.outputs = []
  }

  enum CodingKeys: String, CodingKey {
    case identity = "image"
    case status, reason
    case pneumoniaProbability = "pneumonia_probability"
    case finding
    case lungFraction = "lung_fraction"
    case lungArea = "lung_area_mm2"
    case model
    case modelSHA256 = "model_sha256"
    case analysedAt = "analysed_at"
    case seconds, outputs, notes
  }
}

extension ReportRow {
  /// Column names in order; other programs read the report by them.
  public static let header = [
    "study_instance_uid", "series_instance_uid", "sop_instance_uid", "accession_number", "patient_id",
    "study_date", "view_position", "status", "reason", "pneumonia_probability", "finding", "lung_fraction",
    "lung_area_mm2", "model", "model_sha256", "analysed_at", "seconds", "outputs",
    "notes",
  ]
  /// The code among the notes of a finding that the model leaves open.
  package static let uncertainFinding = ReportNote.findingUncertain.code

  /// The row's fields in the order of ``header``. Numbers have a decimal point and no exponent.
  public var fields: [String] {
    [
      identity.studyInstanceUID, identity.seriesInstanceUID, identity.sopInstanceUID,
      identity.accessionNumber, identity.patientID, identity.studyDate, identity.viewPosition,
      status.rawValue, reason, Self.decimal(pneumoniaProbability, places: 4), finding ?? "",
      Self.decimal(lungFraction, places: 4), Self.decimal(lungArea, places: 1), model, modelSHA256,
      analysedAt, Self.decimal(seconds, places: 3), outputs.joined(separator: ";"),
      notes.joined(separator: ";"),
    ]
  }

  /// Adds a note, once.
  package mutating func note(_ code: String) {
    if !notes.contains(code) { notes.append(code) }
  }

  /// The code before the colon of ``reason``.
  public var reasonCode: String { String(reason.prefix { $0 != ":" }) }

  /// `value` with a fixed number of decimal places; empty for nil and for what isn't finite. Own code
  /// because `String(format:)` follows the process's locale and `description` may print an exponent.
  static func decimal(_ value: Double?, places: Int) -> String {
    guard let value, value.isFinite, abs(value) < 1e12 else { return "" }
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((value.magnitude * Double(scale)).rounded())
    let fraction = String(scaled % scale)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return sign + String(scaled) }
    let zeros = String(repeating: "0", count: places - fraction.count)
    return "\(sign)\(scaled / scale).\(zeros)\(fraction)"
  }
}
