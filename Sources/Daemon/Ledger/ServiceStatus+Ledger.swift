import Ledger

extension ServiceStatus.DestinationStatus {
  init(_ counts: DestinationCounts) {
    waiting = counts.waiting
    sent = counts.sent
    failed = counts.failed
    nextRetry = counts.next?.text
    trouble = counts.trouble.isEmpty ? nil : counts.trouble
  }
}
