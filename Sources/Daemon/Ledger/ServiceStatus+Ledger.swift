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

extension ServiceStatus.HostStatus {
  init(_ host: HostRecord, at now: Timestamp) {
    silentSeconds = max(0, Int((now.milliseconds - host.seen.milliseconds) / 1000))
    (files, deliveries, destinations) = (host.files, host.deliveries, host.destinations)
  }
}
