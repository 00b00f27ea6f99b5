import Archive
import ArgumentParser
internal import EvaluationMetrics
internal import Experiments
import Files
import Foundation
import MultiMix
import Synchronization
import Training

/// `mmdicom experiment`: the paper's systems trained and compared.
struct ExperimentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "experiment", abstract: "Train and compare the paper's systems on an archive.",
    discussion: """
      The grid file says which systems, label budgets and seeds, how each is trained, what it is measured on and \
      which pairs are set against each other; etc/guide/experiments.md explains its keys, and etc/experiments has \
      some. Every training has a folder of its own under cells/; a finished one is not done again, and an \
      unfinished one goes on from its checkpoint. Writes table.md, table.csv, cells.csv, comparisons.csv, plots \
      (PNG and SVG) and the grid itself, grid.json. Plots in the cells' folders show images of the archive.
      """)

  @OptionGroup var access: ArchiveAccess

  @Option(help: "Folder for tables, plots and trainings.", completion: .directory)
  var output: String

  @Option(
    help: "The grid file (JSON); by default four systems with every label, on every source.",
    completion: .file(extensions: ["json"]))
  var grid: String?

  @Option(
    help: "Folder of the trainings, which grids may share; by default cells in the output folder.",
    completion: .directory)
  var cells: String?

  @Flag(
    help: "Train on what is left of an archive with problems (listed when training refuses to begin).")
  var acceptProblems = false

  @Option(help: "Trainings at a time; by default processors divided by the grid's threads.")
  var jobs: Int?

  @Option(
    help:
      "K/N: this is task K of N that run the experiment together, each in this output folder; it begins with its share of the trainings and goes on with what the others leave."
  )
  var cell: String?

  @Option(
    help: "With --cell, seconds for which another task may be silent before its training is taken over.")
  var lease = 300.0

  private var share: ExperimentShare? { cell.flatMap { ExperimentShare($0, lease: .seconds(lease)) } }

  func validate() throws {
    guard (1...256).contains(jobs ?? 1) else { throw ValidationError("--jobs must be from 1 to 256") }
    guard cell == nil || share != nil else {
      throw ValidationError("--cell \(cell ?? ""): K/N, with K from 1 to N, such as 2/8")
    }
    guard (1...86_400).contains(lease) else {
      throw ValidationError("--lease must be from 1 to 86400 seconds")
    }
  }

  func run() async throws {
    try await reportingFailure {
      let (grid, file, gridName) = try readGrid()
      let processors = ProcessInfo.processInfo.activeProcessorCount
      try Self.requireOurs(in: URL(filePath: output, directoryHint: .isDirectory))
      let progress = ProgressLine()
      let (index, cache) = try access.open(
        threads: processors, size: grid.size, view: grid.view, progress: progress)
      let output = URL(filePath: output, directoryHint: .isDirectory)
      let cells =
        cells.map { URL(filePath: $0, directoryHint: .isDirectory) }
        ?? output.appending(path: "cells", directoryHint: .isDirectory)
      let jobs = jobs ?? max(1, processors / grid.threads)
      do {
        let experiment: Experiment
        do {
          experiment = try Experiment(grid, index: index, cache: cache, output: output, cells: cells)
        } catch TrainingError.configuration(let what) {
          throw CommandFailure(.badConfiguration, "\(gridName): \(what)")
        }
        if let refusal = experiment.refusal(acceptingProblems: acceptProblems) {
          throw CommandFailure(.badData, refusal)
        }
        for obstacle in experiment.obstacles { progress.note("accepted: \(obstacle)") }
        try keep(file, in: output)
        let report = CellProgress(grid, on: progress)
        progress.begin("experiment")
        let failed = try await cancellingOnSignals {
          try await experiment.run(jobs: jobs, share: share) { report.tell($0) }
        }
        progress.end("\(grid.cells.count - failed.count) of \(grid.cells.count) trainings done")
        print(output.appending(path: "table.md").path)
        if !failed.isEmpty {
          throw CommandFailure(.someInputsFailed, "failed: \(failed.joined(separator: ", "))")
        }
      } catch is CancellationError {
        throw CommandFailure(
          .someInputsFailed, "stopped, each training after a whole step; the same command goes on from there")
      }
    }
  }
}

extension ExperimentCommand {
  /// The tables that an experiment replaces as its trainings end, and the folder of its plots.
  private static func requireOurs(in output: URL) throws(CommandFailure) {
    for (name, beginning) in [
      ("cells.csv", "cell,system,variant,"), ("table.csv", "system,variant,"), ("table.md", "# Experiment "),
      ("comparisons.csv", "first_system,first_variant,"),
    ] {
      try OutputFile.requireOurs(output.appending(path: name)) { $0.starts(with: Data(beginning.utf8)) }
    }
    // Pictures don't tell who drew them; ours come after a table.
    let (manager, plots) = (FileManager.default, output.appending(path: "plots"))
    let isOurs = ["cells.csv", "table.csv", "table.md"].contains {
      manager.fileExists(atPath: output.appending(path: $0).path)
    }
    if !isOurs, (try? manager.contentsOfDirectory(atPath: plots.path))?.isEmpty == false {
      try OutputFile.requireOurs(plots) { _ in false }
    }
  }

  /// The grid, the bytes of its file, and what messages call it.
  private func readGrid() throws -> (ExperimentGrid, Data, String) {
    guard let grid else {
      return (try ExperimentGrid.standard(), Data(ExperimentGrid.standardFile.utf8), "the standard grid")
    }
    guard let file = FileManager.default.contents(atPath: grid) else {
      throw CommandFailure(.noInput, "\(grid): can't be read")
    }
    do { return (try ExperimentGrid(file), file, grid) } catch {
      throw CommandFailure(.badConfiguration, "\(grid): \(error)")
    }
  }

  /// Beside the tables, so that they can be made again, and others made from the same grid.
  private func keep(_ grid: Data, in output: URL) throws {
    let file = output.appending(path: "grid.json")
    // An experiment that wrote one has a table as well, or was the same one.
    if let present = FileManager.default.contents(atPath: file.path), present != grid,
      !FileManager.default.fileExists(atPath: output.appending(path: "table.md").path)
    {
      throw CommandFailure(
        .cannotCreate,
        "\(file.path): is there already, with other content: take another --output, or move it away")
    }
    do {
      try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
      try DurableFile.write(grid, to: file)
    } catch {
      throw CommandFailure(.cannotCreate, "\(file.path): can't be written; check rights and space")
    }
  }
}

/// Steps of all trainings together, as one bar.
private final class CellProgress: Sendable {
  private struct State {
    var steps: [String: Int] = [:]
    /// Steps that were done before this run.
    var before = 0
  }

  private let state = Mutex(State())
  private let progress: ProgressLine
  private let stepsOfCell: Int
  private let total: Int

  init(_ grid: ExperimentGrid, on progress: ProgressLine) {
    self.progress = progress
    stepsOfCell = grid.training.steps
    total = stepsOfCell * grid.cells.count
  }

  func tell(_ event: Experiment.Event) {
    switch event {
    case .found(let record):
      state.withLock {
        $0.steps[record.name] = stepsOfCell
        $0.before += stepsOfCell
      }
    case .training(let cell, .resumed(let step)):
      state.withLock {
        $0.steps[cell.name] = step
        $0.before += step
      }
      progress.note(step == 0 ? "\(cell.name): begins" : "\(cell.name): resumed after step \(step)")
    case .training(let cell, .step(let number, _, _, let losses)):
      let (done, before) = state.withLock {
        $0.steps[cell.name] = number
        return ($0.steps.values.reduce(0, +), $0.before)
      }
      progress.update(
        done, of: total, after: before,
        detail: "\(cell.name) step \(number) loss \(String(format: "%.4f", losses.total))")
    case .training(_, .validation): break
    case .finished(let record):
      let figures = record.figures.sorted { $0.key < $1.key }.map { test, figures in
        let parts = [
          figures.classification?.auroc.map { String(format: "AUROC %.4f", $0) },
          figures.segmentation.map { String(format: "Dice %.4f", $0.dice) },
        ].compactMap(\.self)
        return "\(test) \(parts.joined(separator: ", "))"
      }
      progress.note("\(record.name): \(figures.joined(separator: "; "))")
    case .taken(let cell): progress.note("\(cell.name): taken over by another task")
    case .failed(let cell, let reason): progress.note("\(cell.name): failed: \(reason)")
    }
  }
}
