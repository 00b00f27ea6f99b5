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
    /// Another task has it now, which had not heard of this one for too long.
    case taken(cell: ExperimentCell)
  }

  let grid: ExperimentGrid
  private let index: ArchiveIndex
  private let cache: ImageCache
  let output, cells: URL

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
    for source in grid.namedSources where !sources.contains(source) {
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
  /// - Parameters:
  ///   - jobs: cells at a time, each on the grid's number of threads; both decide only the time.
  ///   - share: which of several tasks this is; nil where there are no others.
  /// - Returns: the names of cells that failed.
  /// - Throws: `TrainingError.cannotWrite`, or `CancellationError` once all running cells have written their
  ///   checkpoints.
  public func run(
    jobs: Int, share: ExperimentShare? = nil, report: @escaping @Sendable (Event) -> Void
  ) async throws -> [String] {
    precondition(jobs > 0)
    try TrainingError.writing(output) {
      for folder in [output, cells] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      }
    }
    if let share { return try await runTogether(share, jobs: jobs, report: report) }
    var records = finished
    for cell in grid.cells { if let record = records[cell] { report(.found(record)) } }
    let waiting = grid.cells.filter { records[$0] == nil }
    var failed: [String] = []
    try await withThrowingTaskGroup(of: (ExperimentCell, CellRecord?).self) { group in
      func start(_ cell: ExperimentCell) {
        group.addTask { (cell, try await run(cell, report: report)) }
      }
      for cell in waiting.prefix(jobs) { start(cell) }
      var next = waiting.dropFirst(jobs)
      while let (cell, record) = try await group.next() {
        // First, so that no processor waits for the tables.
        if let cell = next.popFirst() { start(cell) }
        if let record {
          records[cell] = record
          try write(records, comparing: false)
        } else {
          failed.append(cell.name)
        }
      }
    }
    try conclude(records)
    return failed
  }

  /// Tables, comparisons and plots of all that is finished.
  func conclude(_ records: [ExperimentCell: CellRecord]) throws {
    try write(records, comparing: true)
    try ExperimentPlots(grid: grid, records: grid.cells.compactMap { records[$0] }, folder: folder(of:))
      .write(to: output.appending(path: "plots", directoryHint: .isDirectory))
  }

  /// What needs no training. Cells of an older trainer are shown among themselves, where they are all there, and never
  /// beside those of this one.
  var finished: [ExperimentCell: CellRecord] {
    var records: [ExperimentCell: CellRecord] = [:]
    for cell in grid.cells {
      if let record = folder(of: cell).record, record.answers(cell, grid, archive: index.digest) {
        records[cell] = record
      }
    }
    let isWhole = records.count == grid.cells.count && Set(records.values.map(\.revision)).count == 1
    return isWhole ? records : records.filter { $0.value.revision == Trainer.revision }
  }

  /// Whether somebody has trained and measured it.
  func isFinished(_ cell: ExperimentCell) -> Bool {
    guard let record = folder(of: cell).record else { return false }
    return record.answers(cell, grid, archive: index.digest) && record.revision == Trainer.revision
  }

  /// - Returns: nil where the cell failed, which has been reported.
  func run(_ cell: ExperimentCell, report: @escaping @Sendable (Event) -> Void) async throws
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

  func folder(of cell: ExperimentCell) -> CellFolder {
    CellFolder(url: cells.appending(path: cell.name, directoryHint: .isDirectory))
  }

  /// - Parameter comparing: whether models are compared image by image, whose thousands of resamples take long.
  func write(_ records: [ExperimentCell: CellRecord], comparing: Bool) throws {
    let comparisons = comparing ? comparisons(records) : []
    let table = ExperimentTable(grid, grid.cells.compactMap { records[$0] }, comparisons: comparisons)
    var files = [("table.csv", table.csv), ("table.md", table.markdown), ("cells.csv", table.cellsCSV)]
    if comparing { files.append(("comparisons.csv", table.comparisonsCSV)) }
    for (name, text) in files {
      try TrainingError.write(Data(text.utf8), to: output.appending(path: name))
    }
  }

  private func comparisons(_ records: [ExperimentCell: CellRecord]) -> [PairedComparison] {
    let patients = Dictionary(index.images.map { ($0.sopInstanceUID, $0.patientKey) }) { first, _ in first }
    let readings = Dictionary(
      uniqueKeysWithValues: records.keys.map { ($0, folder(of: $0).savedReadings()) })
    return PairedComparison.all(of: grid, readings: readings, patients: patients)
  }
}
