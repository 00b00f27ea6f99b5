package import Analysis
package import StatusPage
import Synchronization

/// Counts what the daemon does, from its start on, for `/metrics`.
package final class ServiceMeter: Sendable {
  /// Between which events a time was measured.
  package enum Stage: String, Sendable, CaseIterable {
    /// From the file's row in the ledger until a worker's lease has it.
    case waiting
    /// Reading, inference and drawing in the worker.
    case analysis
    /// From the worker's answer until results and row are committed and the source is home.
    case publication
    /// From the file's row until all is done.
    case total
  }

  /// What ended how.
  package struct Ending: Hashable, Sendable {
    package let status: ReportRow.Status
    /// Coded reason of a refusal; empty where there is none.
    package let reason: String
  }

  package struct Figures: Sendable {
    package var endings: [Ending: Int] = [:]
    package var stages: [Stage: Histogram] = [:]
    /// Workers that died on a file, or took longer than they may.
    package var workersLost = 0
    /// Times that a part paused for a cause outside.
    package var pauses: [PauseNote.Part: Int] = [:]
  }

  private let figures = Mutex(Figures())

  package init() {}

  package var now: Figures { figures.withLock { $0 } }

  /// A file was read, or refused.
  /// - Parameter times: in seconds, as far as they are known.
  package func ended(_ status: ReportRow.Status, reason: String, times: [Stage: Double]) {
    figures.withLock { figures in
      figures.endings[Ending(status: status, reason: reason), default: 0] += 1
      for (stage, seconds) in times { figures.stages[stage, default: Histogram()].observe(seconds) }
    }
  }

  package func workerLost() { figures.withLock { $0.workersLost += 1 } }

  package func paused(_ part: PauseNote.Part) { figures.withLock { $0.pauses[part, default: 0] += 1 } }
}
