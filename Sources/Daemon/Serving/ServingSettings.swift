/// Everything that reading goes by until the next reload.
package struct ServingSettings<Launcher: WorkerLauncher>: Sendable {
  package var configuration: DaemonConfiguration
  /// Starts workers that read.
  package var readers: Launcher
  /// The digest of the model that they read with, hexadecimal; empty where that isn't known.
  package let sha256: String
  /// The model that they were tried with; nil where nobody has tried.
  package var model: LoadedModel?
  /// Where results go.
  package var routes: [DeliveryRoute]

  package init(
    _ configuration: DaemonConfiguration, readers: Launcher, sha256: String = "", routes: [DeliveryRoute] = []
  ) {
    self.routes = routes
    self.configuration = configuration
    self.readers = readers
    self.sha256 = sha256
  }
}

extension DaemonConfiguration {
  /// Why `next` can't take this one's place while the daemon runs; nil when it can.
  package func obstacle(to next: DaemonConfiguration) -> String? {
    let moved = [
      ("inbox", folders.inbox == next.folders.inbox), ("outbox", folders.outbox == next.folders.outbox),
      ("done", folders.done == next.folders.done), ("rejected", folders.rejected == next.folders.rejected),
      ("ledger", folders.ledger == next.folders.ledger && database == next.database),
      ("host", folders.host == next.folders.host),
    ].filter { !$0.1 }.map(\.0)
    guard !moved.isEmpty else { return nil }
    return "\(moved.joined(separator: ", ")) can't change while the daemon runs: restart it"
  }

  /// The keys that differ in `next` and wait for the next start.
  package func waiting(in next: DaemonConfiguration) -> [String] {
    [
      ("settle_seconds", settlingTime == next.settlingTime),
      ("scan_seconds", scanInterval == next.scanInterval),
      ("study_quiet_seconds", studyQuietTime == next.studyQuietTime),
      ("study_wait_seconds", studyLongestWait == next.studyLongestWait),
      ("disk_stop_percent", diskStopPercent == next.diskStopPercent),
      ("disk_resume_percent", diskResumePercent == next.diskResumePercent),
      ("report_by_day", reportsByDay == next.reportsByDay),
      ("report_patients", reportPatients == next.reportPatients), ("receive", reception == next.reception),
      ("stop_seconds", stopTimeLimit == next.stopTimeLimit), ("ignore", ignoredNames == next.ignoredNames),
      ("log_level", logLevel == next.logLevel), ("notify", notification == next.notification),
      ("delivery_commitment_seconds", delivery.commitmentTime == next.delivery.commitmentTime),
    ].filter { !$0.1 }.map(\.0)
  }
}
