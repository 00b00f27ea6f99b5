import Files
import Ledger
import Logging

/// The report, which is made of the ledger's rows: no image waits for it.
extension StudyReading {
  /// Brings it up to date. Where it can't be written, that is said, and it is tried again after a while; a single run ends
  /// with it. While somebody else writes it (`mmdicom report`), reading goes on, and it is tried again soon; one who takes
  /// very long hinders it like any other cause.
  /// - Returns: whether it is up to date.
  func updateReport() async throws -> Bool {
    guard .now >= nextReport else { return false }
    do {
      guard try await report.update(from: ledger, patience: runsOnce ? ReportLock.patience : .zero) else {
        let since = reportHeldSince ?? .now
        reportHeldSince = since
        guard !runsOnce, .now - since < ReportLock.patience else { throw report.heldByOther }
        nextReport = .now + .milliseconds(200)
        return false
      }
      reportHeldSince = nil
      await tellOfReport()
    } catch let failure as WriteFailure {
      await tellOfReport()
      guard !runsOnce else { throw failure }
      let wait = reportBreaker.failed()
      nextReport = .now + wait
      let why = failure.concealingNames(in: configuration.folders)
      logger.error(
        "the report pauses and tries again by itself; reading goes on",
        metadata: ["why": "\(why)", "seconds": "\(wait.components.seconds)"])
      health.meter.paused(.report)
      PauseNote(.report, configuration.folders).set("\(why); next try \((Timestamp.now + wait).text)")
      return false
    }
    if reportBreaker.failures > 0 {
      reportBreaker.succeeded()
      PauseNote(.report, configuration.folders).clear()
      logger.notice("the report is written again")
    }
    return true
  }

  /// Says what was done about files under its name that aren't its own.
  func tellOfReport() async {
    for remark in await report.takeRemarks() {
      switch remark {
      case .putAside(let name):
        logger.warning(
          "a file in the report's place isn't as this program writes it: it is put aside, and the report written anew",
          metadata: ["as": "\(name)"])
      case .ledgerIsOlder(let name):
        logger.warning(
          "the report knew more than this ledger, which is an older one: it is put aside, and written anew",
          metadata: ["as": "\(name)"])
      }
    }
  }
}
