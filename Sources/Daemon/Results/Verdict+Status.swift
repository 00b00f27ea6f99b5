import Analysis
import Files
import Ledger
import SystemPackage

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

extension InboxFolders {
  /// Where sources go that came to this.
  func home(of verdict: Verdict) -> FilePath { FilePath(of: verdict == .rejected ? rejected : done) }
}
