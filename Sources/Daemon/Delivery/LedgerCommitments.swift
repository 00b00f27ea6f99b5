import DICOM
import DICOMNetwork
import Ledger

/// Notes what peers say of results that they were asked to keep.
struct LedgerCommitments: CommitmentInbox {
  private let ledger: any StudyLedger

  init(_ ledger: any StudyLedger) { self.ledger = ledger }

  func received(_ result: CommitmentResult, from aeTitle: String) async throws {
    let report = CommitmentReport(
      transaction: result.transactionUID.string, committed: result.committed.map(\.sopInstance.string),
      failed: result.failed.map { failed in
        CommitmentReport.Failure(failed.object.sopInstance.string, reason: failed.statedReason)
      })
    // What nobody asked for concerns no row, and harms none.
    _ = try await ledger.note(report, at: .now)
  }
}
