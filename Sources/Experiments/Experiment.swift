public import Archive
public import Foundation
internal import MultiMix
public import Training

/// The trainings of a grid, one cell after another or several at a time: each in a folder of its own, so that
/// an experiment that was cut off goes on where it was.
public struct Experiment: Sendable {
  /// What there is to tell.
  public enum Event: Sendable {
    /// It was finished before.
    case found(CellRecord)
    case training(cell: ExperimentCell, Trainer.Event)
    case finished(CellRecord)
    /// It can't be trained or measured; the others go on.
    case failed(cell: ExperimentCell, reason: String)
  }

  private let grid: ExperimentGrid
  private let index: ArchiveIndex
  private let cache: ImageCache
  private let output, cells: URL

  /// - Parameters:
  ///   - output: where tables and plots go.
  ///   - cells: where the cells' folders are; grids of equal trainings may share them.
  /// - Throws: `TrainingError` where the archive has nothing for a part of the grid.
  public init(
    _ grid: ExperimentGrid, index: ArchiveIndex, cache: ImageCache, output: URL, cells: URL
  ) throws(TrainingError) {
    if let problem = grid.problem { throw .configuration(problem) }
    precondition(cache.size == grid.size)
    (self.grid, self.index, self.cache, self.output, self.cells) = (grid, index, cache, output, cells)
    let sources = Set(index.images.map(\.source)).sorted()
    for source in (grid.trainSources ?? []) + grid.tests.flatMap({ $0.sources ?? [] })
    where !sources.contains(source) {
      throw .configuration("no images from \"\(source)\"; the sources are \(sources.joined(separator: ", "))")
    }
    for test in grid.tests {
      let positions = grid.positions(of: test, in: index)
      guard positions.contains(where: { index.images[$0].finding != nil || cache.hasMask($0) }) else {
        throw .configuration("test \(test.name): no labelled images in split \(grid.split(of: test))")
      }
    }
  }

  /// The one line that says why the trainings don't begin; nil when they may.
  /// - Parameter acceptingProblems: whether the user wants what is left of the archive to be trained on.
  public func refusal(acceptingProblems: Bool) -> String? {
    grid.cells.lazy.compactMap { cell in
      readiness(of: cell).refusal(acceptingProblems: acceptingProblems).map { "\(cell.name): \($0)" }
    }.first
  }

  /// What any of the trainings has to put up with, each said once.
  public var obstacles: [String] {
    grid.cells.reduce(into: []) { said, cell in
      said += readiness(of: cell).obstacles.map(\.description).filter { !said.contains($0) }
    }
  }

  private func readiness(of cell: ExperimentCell) -> TrainingReadiness {
    let data = TrainingData(index: index, cache: cache, configuration: cell.configuration(grid))
    return TrainingReadiness(
      problems: index.problems + cache.failures, labels: data.labels, system: cell.system)
  }

  /// Runs what isn't finished and writes the tables and plots of what is.
  /// - Parameter jobs: cells at a time; each computes with the grid's number of threads, so that results
  ///   don't depend on it.
  /// - Returns: the names of cells that failed.
  /// - Throws: `TrainingError.cannotWrite`, or `CancellationError` once all running cells have written their
  ///   checkpoints.
  public func run(jobs: Int, report: @escaping @Sendable (Event) -> Void) async throws -> [String] {
    precondition(jobs > 0)
    try TrainingError.writing(output) {
      for folder in [output, cells] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      }
    }
    var records: [ExperimentCell: CellRecord] = [:]
    var waiting: [ExperimentCell] = []
    for cell in grid.cells {
      if let record = folder(of: cell).record, record.answers(cell, grid, archive: index.digest) {
        records[cell] = record
        report(.found(record))
      } else {
        waiting.append(cell)
      }
    }
    var failed: [String] = []
    try await withThrowingTaskGroup(of: (ExperimentCell, CellRecord?).self) { group in
      func start(_ cell: ExperimentCell) {
        group.addTask { (cell, try await run(cell, report: report)) }
      }
      for cell in waiting.prefix(jobs) { start(cell) }
      var next = waiting.dropFirst(jobs)
      while let (cell, record) = try await group.next() {
        if let record {
          records[cell] = record
          try write(records)
        } else {
          failed.append(cell.name)
        }
        if let cell = next.popFirst() { start(cell) }
      }
    }
    try write(records)
    try ExperimentPlots(grid: grid, records: grid.cells.compactMap { records[$0] }, folder: folder(of:))
      .write(to: output.appending(path: "plots", directoryHint: .isDirectory))
    return failed
  }

  /// - Returns: nil where the cell failed, which has been reported.
  private func run(_ cell: ExperimentCell, report: @escaping @Sendable (Event) -> Void) async throws
    -> CellRecord?
  {
    do {
      let record = try await CellRun(
        cell: cell, grid: grid, index: index, cache: cache, folder: folder(of: cell)
      ).run { report(.training(cell: cell, $0)) }
      report(.finished(record))
      return record
    } catch let error as CancellationError {
      throw error
    } catch TrainingError.cannotWrite(let what) {
      // The next cell would meet the same full disk.
      throw TrainingError.cannotWrite(what)
    } catch {
      report(.failed(cell: cell, reason: "\(error)"))
      return nil
    }
  }

  private func folder(of cell: ExperimentCell) -> CellFolder {
    CellFolder(url: cells.appending(path: cell.name, directoryHint: .isDirectory))
  }

  private func write(_ records: [ExperimentCell: CellRecord]) throws {
    let patients = Dictionary(index.images.map { ($0.sopInstanceUID, $0.patientKey) }) { first, _ in first }
    let readings = Dictionary(
      uniqueKeysWithValues: records.keys.map { ($0, folder(of: $0).savedReadings()) })
    let comparisons = PairedComparison.all(of: grid, readings: readings, patients: patients)
    let table = ExperimentTable(grid, grid.cells.compactMap { records[$0] }, comparisons: comparisons)
    for (name, text) in [
      ("table.csv", table.csv), ("table.md", table.markdown), ("cells.csv", table.cellsCSV),
      ("comparisons.csv", table.comparisonsCSV),
    ] {
      try TrainingError.write(Data(text.utf8), to: output.appending(path: name))
    }
  }
}
