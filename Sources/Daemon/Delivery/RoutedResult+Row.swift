import Analysis
import Files
import SystemPackage

extension RoutedResult {
  /// A result of the image that a row tells of.
  /// - Parameter sender: where the image came, below the inbox.
  init(_ kind: String, _ row: ReportRow, _ traits: SourceTraits, from sender: FilePath) {
    self.init([
      .result: kind, .finding: row.finding ?? "", .certainty: Self.certainty(of: row),
      .bodyPart: traits.bodyPart, .view: traits.view,
      .modality: traits.modality, .station: traits.station, .institution: traits.institution,
      .department: traits.department, .description: traits.description,
      .folder: sender.removingLastComponent().text,
    ])
  }

  private static func certainty(of row: ReportRow) -> String {
    guard row.finding != nil else { return "" }
    return row.notes.contains(ReportRow.uncertainFinding) ? "uncertain" : "certain"
  }
}
