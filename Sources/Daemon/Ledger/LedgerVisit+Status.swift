import Files
import FoundationEssentials
import Ledger
import SystemPackage

/// The parts of ``LedgerVisit/status()``.
extension LedgerVisit {
  /// What can be told whether the ledger answers or not: what pauses, which model serves, how full the disks are.
  func surroundings() -> ServiceStatus {
    var status = ServiceStatus()
    if folders.host == nil { status.isRunning = FolderLock.isHeld(folders.inbox) }
    for destination in configuration.delivery.destinations {
      let paused = PauseNote(deliveryTo: destination.name, folders).text
      status.destinations[destination.name, default: ServiceStatus.DestinationStatus()].paused = paused
    }
    for target in configuration.notification.targets {
      let queue = NoticeQueue(target.name, folders)
      status.notices[target.name] = ServiceStatus.NoticeStatus(
        waiting: queue.waiting.count, parked: queue.parked,
        paused: PauseNote(noticesTo: target.name, folders).text)
    }
    for part in PauseNote.Part.allCases { status.paused[part.rawValue] = PauseNote(part, folders).text }
    if let serving = ServingNote(folders).content {
      status.model = serving.model
      status.modelSHA256 = serving.sha256
      status.workers = serving.workers
      status.reloadRefused = serving.refusal
    }
    let copied = CopiedFiles(folders)
    status.copied = copied.count
    status.copiedFrom = copied.folders.prefix(3).map { FilePath(of: folders.inbox).pushing($0).text }
    status.diskStopPercent = configuration.diskStopPercent
    for folder in GuardedFolder.allCases {
      let used = FreeSpace.usedPercent(at: FilePath(of: folder.place(in: folders)))
      status.diskPercent[folder.rawValue] = used.map { ($0 * 10).rounded() / 10 }
    }
    return status
  }

  /// Adds what the ledger tells.
  func look(_ status: inout ServiceStatus) async throws(LedgerError) {
    let counts = try await ledger.counts()
    status.queued = counts.queued
    status.working = counts.working
    status.analysed = counts.analysed
    status.notAnalysed = counts.notAnalysed
    status.rejected = counts.rejected
    status.parked = counts.parked
    status.deliveries.waiting = counts.deliveriesWaiting
    status.deliveries.sent = counts.deliveriesSent
    status.deliveries.failed = counts.deliveriesFailed
    for counts in try await ledger.deliveryCounts() {
      let paused = status.destinations[counts.destination]?.paused
      status.destinations[counts.destination] = ServiceStatus.DestinationStatus(counts)
      status.destinations[counts.destination]?.paused = paused
    }
    for host in try await ledger.hosts() {
      status.hosts[host.name] = ServiceStatus.HostStatus(host, at: .now)
    }
    status.oldestSeconds = counts.oldest.map {
      max(0, Int((Timestamp.now.milliseconds - $0.milliseconds) / 1000))
    }
    status.nextRetry = counts.nextRetry?.text
    status.reasons = try await ledger.reasons()
  }
}
