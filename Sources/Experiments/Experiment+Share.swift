internal import Foundation
internal import Synchronization
internal import Training

extension Experiment {
  /// Runs cells until all are finished, whoever finishes them.
  /// - Returns: the names of cells that failed here.
  func runTogether(
    _ share: ExperimentShare, jobs: Int, report: @escaping @Sendable (Event) -> Void
  ) async throws -> [String] {
    let found = finished
    for record in grid.cells.compactMap({ found[$0] }) { report(.found(record)) }
    let isDone = found.count == grid.cells.count
    let queue = ClaimQueue(share.order(grid.cells))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<(isDone ? 0 : jobs) { group.addTask { try await work(share, queue, report: report) } }
      try await group.waitForAll()
    }
    // By one of them: comparing takes long.
    var unseen: CellClaim.Sighting?
    let tables = output.appending(path: ".tables", directoryHint: .isDirectory)
    if let claim = try CellClaim(tables, seen: &unseen, lease: share.lease) {
      defer { claim.giveBack() }
      try conclude(finished)
    }
    return queue.failed
  }

  private func work(
    _ share: ExperimentShare, _ queue: ClaimQueue, report: @escaping @Sendable (Event) -> Void
  ) async throws {
    while true {
      let next = try queue.next(
        lease: share.lease, isFinished: { isFinished($0) }, folder: { folder(of: $0).url })
      switch next {
      case .none: return
      case .later: try await Task.sleep(for: min(share.lease / 10, .seconds(10)))
      case .cell(let cell, let claim):
        do {
          let record = try await claim.holding { try await run(cell, report: report) }
          queue.end(cell, failed: record == nil)
          claim.giveBack()
          try write(finished, comparing: false)
        } catch is CellClaim.Lost {
          queue.end(cell, failed: false)
          report(.taken(cell: cell))
        } catch {
          claim.giveBack()
          throw error
        }
      }
    }
  }
}

extension CellClaim {
  /// Does something for as long as nobody takes the cell over.
  /// - Throws: what `body` throws, or ``Lost`` once it has ended.
  package func holding<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws
    -> Value
  {
    try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        try await keep()
        return nil
      }
      defer { group.cancelAll() }
      do {
        while let value = try await group.next() { if let value { return value } }
        throw CancellationError()
      } catch is Lost {
        group.cancelAll()
        // Its training writes what it has before it ends.
        while !group.isEmpty { _ = try? await group.next() }
        throw Lost()
      }
    }
  }
}

/// The cells that a task may still come to do, shared by those of its jobs.
private final class ClaimQueue: Sendable {
  private struct State {
    var sightings: [ExperimentCell: CellClaim.Sighting] = [:]
    var running: Set<ExperimentCell> = []
    var failed: [String] = []
    var failedCells: Set<ExperimentCell> = []
  }

  enum Next {
    case cell(ExperimentCell, CellClaim)
    /// Others are at work on all that is left, or one of them has died a moment ago.
    case later
    case none
  }

  private let cells: [ExperimentCell]
  private let state = Mutex(State())

  init(_ cells: [ExperimentCell]) { self.cells = cells }

  var failed: [String] { state.withLock { $0.failed } }

  func next(
    lease: Duration, isFinished: (ExperimentCell) -> Bool, folder: (ExperimentCell) -> URL
  ) throws(TrainingError) -> Next {
    try state.withLock { state throws(TrainingError) in
      var isLeft = false
      for cell in cells where !state.running.contains(cell) && !state.failedCells.contains(cell) {
        if isFinished(cell) { continue }
        isLeft = true
        if let claim = try CellClaim(folder(cell), seen: &state.sightings[cell], lease: lease) {
          // Its last owner may have finished it just before it gave it back.
          if isFinished(cell) {
            claim.giveBack()
            continue
          }
          state.running.insert(cell)
          return .cell(cell, claim)
        }
      }
      return isLeft ? .later : .none
    }
  }

  func end(_ cell: ExperimentCell, failed: Bool) {
    state.withLock { state in
      state.running.remove(cell)
      if failed {
        state.failedCells.insert(cell)
        state.failed.append(cell.name)
      }
    }
  }
}
