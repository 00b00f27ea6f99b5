import Analysis
import Ledger

extension ReplacedResult {
  init(_ record: ResultRecord) {
    self.init(
      kind: record.kind, sopClassUID: record.sopClassUID, sopInstanceUID: record.uid,
      studyInstanceUID: record.studyInstanceUID, seriesInstanceUID: record.seriesInstanceUID)
  }
}
