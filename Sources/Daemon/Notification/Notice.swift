import Analysis
import Files
import FoundationEssentials
package import Ledger

/// What somebody is told: one line of the audit trail, with what is known of its file. Pure.
package struct Notice: Sendable, Equatable, Encodable {
  /// The number of the line of the trail: the same however often the notice is sent.
  package var notice: Int64
  package var event: NotificationSettings.Event
  /// When it happened.
  package var at: String
  package var researchUseOnly = ResultMessage.mark
  /// Of a stall or a pause: the part of the work.
  package var part: String?
  /// Of a stall or a pause: whether it is over.
  package var isOver: Bool?
  /// What log and ledger call the file by.
  package var file: String?
  package var status: String?
  /// Coded.
  package var reason: String?
  package var studyInstanceUID: String?
  package var seriesInstanceUID: String?
  package var sopInstanceUID: String?
  package var finding: String?
  /// Whether the model leaves the finding open.
  package var isUncertain: Bool?
  package var pneumoniaProbability: Double?
  package var model: String?
  package var patientID: String?
  package var accessionNumber: String?
  package var studyDate: String?

  enum CodingKeys: String, CodingKey {
    case notice, event, at, part, file, status, reason, finding, model
    case researchUseOnly = "research_use_only"
    case isOver = "is_over"
    case isUncertain = "is_uncertain"
    case studyInstanceUID = "study_instance_uid"
    case seriesInstanceUID = "series_instance_uid"
    case sopInstanceUID = "sop_instance_uid"
    case pneumoniaProbability = "pneumonia_probability"
    case patientID = "patient_id"
    case accessionNumber = "accession_number"
    case studyDate = "study_date"
  }

  /// What the trail calls a part that stands still, and one that pauses; and each when it goes on.
  package enum Word {
    package static let stalled = "stands still"
    package static let paused = "pauses"
    package static let recovered = "is heard of again"
    package static let resumed = "goes on"
  }

  /// Of what kind a line of the trail is; nil for what nobody is told of.
  static func event(of entry: AuditEntry, _ state: InstanceState?) -> NotificationSettings.Event? {
    switch entry.event {
    case Word.stalled, Word.recovered: .stall
    case Word.paused, Word.resumed: .breaker
    case "completed": state?.verdict.map { $0 == .rejected ? .rejection : .result }
    // Parked by the worker, or after it failed or crashed too often.
    case "parked", "failed", "worker died": state?.isParked == true ? .rejection : nil
    default: nil
    }
  }

  /// - Parameters:
  ///   - record: of the line's file; nil where it is about none.
  ///   - row: the file's row of the report, as its writer encoded it.
  package init?(
    _ entry: AuditEntry, _ record: InstanceRecord?, row: String?, identity: NotificationSettings.Identity
  ) {
    guard let event = Self.event(of: entry, record?.state) else { return nil }
    let verdict = record?.state.verdict
    (notice, self.event, at) = (entry.number, event, entry.at.text)
    guard let record else {
      guard entry.instance == nil else { return nil }
      part = entry.detail
      isOver = [Word.recovered, Word.resumed].contains(entry.event)
      return
    }
    file = record.tag
    status = verdict?.rawValue ?? "parked"
    reason = record.reason.isEmpty ? nil : record.reason
    if identity != .none {
      studyInstanceUID = Self.stated(record.studyInstanceUID)
      seriesInstanceUID = Self.stated(record.seriesInstanceUID)
      sopInstanceUID = Self.stated(record.sopInstanceUID)
    }
    guard verdict != nil, let fields = row.flatMap({ CommaSeparatedValues($0).records.first?.fields }),
      fields.count >= ReportRow.header.count - 1
    else { return }
    func field(_ name: String) -> String? {
      ReportRow.header.firstIndex(of: name).flatMap { $0 < fields.count ? Self.stated(fields[$0]) : nil }
    }
    if verdict == .analysed {
      finding = field("finding")
      let notes = field("notes")?.split(separator: ";").map(String.init) ?? []
      isUncertain = notes.contains(ReportRow.uncertainFinding)
      pneumoniaProbability = field("pneumonia_probability").flatMap(Double.init)
      model = field("model")
    }
    guard identity == .all else { return }
    patientID = field("patient_id")
    accessionNumber = field("accession_number")
    studyDate = field("study_date")
  }

  private static func stated(_ text: String) -> String? { text.isEmpty ? nil : text }

  /// One JSON document, its keys in order.
  package var json: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
  }
}

extension InstanceState {
  fileprivate var isParked: Bool {
    guard case .parked = self else { return false }
    return true
  }

  /// Nil until it is read.
  fileprivate var verdict: Verdict? {
    switch self {
    case .finished(_, let verdict, _), .filed(_, let verdict, _): verdict
    default: nil
    }
  }
}
