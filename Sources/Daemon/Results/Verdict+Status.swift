import Analysis
import Ledger

extension Verdict {
  init(_ status: ReportRow.Status) {
    self =
      switch status {
      case .analysed: .analysed
      case .notAnalysed: .notAnalysed
      case .rejected: .rejected
      }
  }
}
