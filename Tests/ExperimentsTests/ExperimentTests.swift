import Archive
import Experiments
import Foundation
import MultiMix
import Phantoms
import Synchronization
import TestSupport
import Testing
import Training

/// Experiments on phantoms, small enough for a test.
@Suite struct ExperimentTests {
  private struct Phantoms {
    let index: ArchiveIndex
    let cache: ImageCache
  }

  private static let phantoms = Result {
    let folder = try TestEnvironment.temporaryFolder()
    let archive = folder.appending(path: "archive")
    try PhantomArchive.write(count: 16, size: 96, seed: 3, to: archive)
    let index = try ArchiveIndex(scanning: archive).assigningSplits(validation: 0.5, seed: 1)
    return Phantoms(
      index: index,
      cache: try ImageCache(for: index, root: archive, at: folder.appending(path: "cache"), size: 32))
  }

  private func grid(seeds: [Int] = [1], systems: [String] = ["unet", "multimix"], steps: Int = 4) throws
    -> ExperimentGrid
  {
    let systems = systems.map { "\"\($0)\"" }.joined(separator: ", ")
    return try ExperimentGrid(
      Data(
        """
        {"name": "phantoms", "systems": [\(systems)], "seeds": \(seeds), "size": 32,
         "labels": [{"classification": 4, "segmentation": "all"}], "tests": [{"name": "in-domain"}],
         "training": {"stages": [{"size": 32, "steps": \(steps)}], "checkpointEvery": 2, "schedule": {"constant": {}},
           "batch": {"segmentation": 2, "segmentationUnlabelled": 1, "classification": 2, "unlabelled": 2}}}
        """.utf8))
  }

  private final class Events: Sendable {
    let trained = Mutex<[String: [Int]]>([:])
    let found = Mutex<[String]>([])
    let failed = Mutex<[String: String]>([:])
  }

  /// - Parameter stopIn: the cell and the step at which everything is cancelled.
  private func run(
    _ grid: ExperimentGrid, in folder: URL, jobs: Int = 1, stopIn: (cell: String, step: Int)? = nil,
    share: ExperimentShare? = nil
  ) async throws -> Events {
    let phantoms = try Self.phantoms.get()
    let experiment = try Experiment(
      grid, index: phantoms.index, cache: phantoms.cache, output: folder,
      cells: folder.appending(path: "cells"))
    let events = Events()
    let running = Task {
      try await experiment.run(jobs: jobs, share: share) { event in
        switch event {
        case .training(let cell, .step(let number, _, _, _)):
          events.trained.withLock { $0[cell.name, default: []].append(number) }
          if let stopIn, stopIn == (cell.name, number) {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
          }
        case .found(let record): events.found.withLock { $0.append(record.name) }
        case .failed(let cell, let reason): events.failed.withLock { $0[cell.name] = reason }
        case .training, .finished, .taken: break
        }
      }
    }
    do { _ = try await running.value } catch is CancellationError { #expect(stopIn != nil) }
    return events
  }

  private func text(_ folder: URL, _ name: String) throws -> String {
    try String(contentsOf: folder.appending(path: name), encoding: .utf8)
  }

  @Test func experimentsWriteTablesAndPlots() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    let events = try await run(grid(), in: folder)
    #expect(
      events.trained.withLock { $0 } == [
        "unet-sall-seed1": [1, 2, 3, 4], "multimix-c4-sall-seed1": [1, 2, 3, 4],
      ])
    let csv = try text(folder, "table.csv").components(separatedBy: "\r\n")
    #expect(
      csv.count == 4 && csv[1].hasPrefix("unet,,,all,in-domain,1,") && csv[2].hasPrefix("multimix,,4,all,"))
    #expect(try text(folder, "table.md").contains("| MultiMix | 4 / all | 1 |"))
    let cell = folder.appending(path: "cells/multimix-c4-sall-seed1")
    for name in [
      "figures.json", "readings.json", "training/model.safetensors", "training/configuration.json",
      "plots/training-curves.svg", "plots/roc.png", "plots/reliability.svg", "plots/bland-altman.png",
      "plots/contours-in-domain.png", "plots/saliency-in-domain.svg",
    ] {
      #expect(FileManager.default.fileExists(atPath: cell.appending(path: name).path), "\(name)")
    }
    for name in ["comparison.svg", "training-curves-4-all.png", "roc-4-all.svg"] {
      #expect(FileManager.default.fileExists(atPath: folder.appending(path: "plots/\(name)").path), "\(name)")
    }
  }

  @Test func anInterruptedExperimentEndsLikeAWholeOne() async throws {
    let whole = try TestEnvironment.temporaryFolder()
    let parts = try TestEnvironment.temporaryFolder()
    _ = try await run(grid(seeds: [1, 2]), in: whole, jobs: 2)
    let first = try await run(grid(seeds: [1, 2]), in: parts, stopIn: ("multimix-c4-sall-seed1", 3))
    #expect(
      first.trained.withLock { $0 }
        == ["unet-sall-seed1": [1, 2, 3, 4], "multimix-c4-sall-seed1": [1, 2, 3]])
    let second = try await run(grid(seeds: [1, 2]), in: parts)
    #expect(second.found.withLock { $0 } == ["unet-sall-seed1"])
    #expect(
      second.trained.withLock { $0 } == [
        "multimix-c4-sall-seed1": [4], "unet-sall-seed2": [1, 2, 3, 4],
        "multimix-c4-sall-seed2": [1, 2, 3, 4],
      ])
    // Neither the interruption nor the number of jobs shows in the results.
    for name in ["table.csv", "table.md", "cells.csv"] {
      #expect(try text(whole, name) == text(parts, name), "\(name)")
    }
    let third = try await run(grid(seeds: [1, 2]), in: parts)
    #expect(third.trained.withLock { $0 }.isEmpty)
    #expect(third.found.withLock { $0 }.count == 4)
  }

  /// Two tasks of one folder, one of which is stopped in the middle of a cell and comes back; and the cell of a third,
  /// which never came back.
  @Test func severalTasksEndLikeOne() async throws {
    let whole = try TestEnvironment.temporaryFolder()
    let folder = try TestEnvironment.temporaryFolder()
    let grid = try grid(seeds: [1, 2])
    _ = try await run(grid, in: whole)
    let (first, second) = (
      ExperimentShare("1/2", lease: .seconds(2)), ExperimentShare("2/2", lease: .seconds(2))
    )
    var unseen: CellClaim.Sighting?
    let lost = folder.appending(path: "cells/unet-sall-seed2")
    #expect(try CellClaim(lost, seen: &unseen, lease: .seconds(2)) != nil)
    // Its own first cell, stopped: given back at once.
    let stopped = try await run(
      grid, in: folder, stopIn: ("multimix-c4-sall-seed1", 2), share: second)
    #expect(stopped.trained.withLock { $0 } == ["multimix-c4-sall-seed1": [1, 2]])
    async let one = run(grid, in: folder, share: first)
    async let two = run(grid, in: folder, share: second)
    let events = try await [one, two]
    var trained: [String: [Int]] = ["multimix-c4-sall-seed1": [1, 2]]
    for task in events {
      #expect(task.failed.withLock { $0 }.isEmpty)
      trained.merge(task.trained.withLock { $0 }) { $0 + $1 }
    }
    // Every step of every cell once, whoever took it.
    #expect(trained.count == 4 && trained.values.allSatisfy { $0 == [1, 2, 3, 4] }, "\(trained)")
    #expect(FileManager.default.fileExists(atPath: lost.appending(path: "claim-2").path))
    for name in ["table.csv", "table.md", "cells.csv"] {
      #expect(try text(whole, name) == text(folder, name), "\(name)")
    }
  }

  @Test func cellsOfAnotherTrainingAreNotMixedIn() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    _ = try await run(grid(systems: ["unet"]), in: folder)
    let figures = try text(folder, "cells/unet-sall-seed1/figures.json")
    let events = try await run(grid(systems: ["unet"], steps: 6), in: folder)
    #expect(events.failed.withLock { $0["unet-sall-seed1"] ?? "" }.contains("another configuration"))
    #expect(try text(folder, "cells/unet-sall-seed1/figures.json") == figures)
    #expect(try text(folder, "table.md").contains("1 of 1 trainings are missing"))
  }

  /// As if an older trainer had made a cell: `nil` takes the key away, as in what was written before there were any.
  private func age(_ cell: String, to revision: Int?, in folder: URL) throws {
    let file = folder.appending(path: "cells/\(cell)/figures.json")
    var record = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    #expect(record["revision"] as? Int == Trainer.revision)
    record["revision"] = revision
    if revision == nil {
      var configuration = try #require(record["configuration"] as? [String: Any])
      configuration["lanes"] = nil
      record["configuration"] = configuration
    }
    try JSONSerialization.data(withJSONObject: record).write(to: file)
  }

  /// The same configuration meant another training then: old cells stand by themselves, and never beside new ones.
  @Test(arguments: [1, nil] as [Int?])
  func cellsOfAnotherRevisionAreNotMixedIn(revision: Int?) async throws {
    let folder = try TestEnvironment.temporaryFolder()
    _ = try await run(grid(), in: folder)
    try age("unet-sall-seed1", to: revision, in: folder)
    let mixed = try await run(grid(), in: folder)
    #expect(mixed.found.withLock { $0 } == ["multimix-c4-sall-seed1"])
    #expect(mixed.failed.withLock { $0["unet-sall-seed1"] ?? "" }.contains("another version"))
    #expect(mixed.trained.withLock { $0 }.isEmpty)
    #expect(try text(folder, "table.md").contains("1 of 2 trainings are missing"))
    try age("multimix-c4-sall-seed1", to: 1, in: folder)
    let old = try await run(grid(), in: folder)
    #expect(old.found.withLock { $0 }.count == 2 && old.failed.withLock { $0 }.isEmpty)
    // There is more to train, which they can't be compared with.
    let more = try await run(grid(seeds: [1, 2]), in: folder)
    #expect(more.found.withLock { $0 }.isEmpty)
    #expect(
      more.trained.withLock { $0.keys.sorted() } == ["multimix-c4-sall-seed2", "unet-sall-seed2"])
    #expect(
      more.failed.withLock { $0.keys.sorted() } == ["multimix-c4-sall-seed1", "unet-sall-seed1"])
  }

  @Test func otherTestsOnlyMeasureAgain() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    var grid = try grid(systems: ["unet"])
    _ = try await run(grid, in: folder)
    let source = try #require(Self.phantoms.get().index.split(.val).first { !$0.masks.isEmpty }?.source)
    grid.tests.append(.init(name: "one", sources: [source]))
    let events = try await run(grid, in: folder)
    #expect(events.trained.withLock { $0 }.isEmpty && events.found.withLock { $0 }.isEmpty)
    #expect(try text(folder, "table.csv").contains("unet,,,all,one,1,"))
  }

  /// A variant has a training, figures, a row and a difference of its own; sources that aren't trained on may be
  /// measured whole.
  @Test func variantsAndWholeSourcesAreMeasured() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    let phantoms = try Self.phantoms.get()
    var grid = try grid(systems: ["unet"])
    let sources = Set(phantoms.index.images.map(\.source)).sorted()
    let outside = try #require(sources.last)
    grid.trainSources = sources.dropLast()
    grid.tests.append(.init(name: "outside", sources: [outside], split: "all"))
    var training = grid.training
    training.emaDecay = 0.5
    grid.variants = [.init(name: "ema", title: "moving average", training: training)]
    try #require(grid.problem == nil)
    let events = try await run(grid, in: folder)
    #expect(events.trained.withLock { $0.keys.sorted() } == ["unet-ema-sall-seed1", "unet-sall-seed1"])
    let rows = try text(folder, "table.csv").components(separatedBy: "\r\n")
    #expect(rows.count { $0.hasPrefix("unet,,,all,outside,1,") } == 1)
    #expect(rows.count { $0.hasPrefix("unet,ema,,all,outside,1,") } == 1)
    let table = try text(folder, "table.md")
    #expect(table.contains("## U-Net, moving average less U-Net"))
    let whole = phantoms.index.images.count { $0.source == outside && !$0.masks.isEmpty }
    #expect(table.contains("On \(outside), every image: \(whole) with a mask."))
    // The same figures under another name would be no measurement.
    let figures = ["unet-sall-seed1", "unet-ema-sall-seed1"].map { "cells/\($0)/training/model.safetensors" }
    #expect(try figures.map { try Data(contentsOf: folder.appending(path: $0)) }.count == 2)
    #expect(
      try Data(contentsOf: folder.appending(path: figures[0]))
        != Data(contentsOf: folder.appending(path: figures[1])))
  }

  @Test func recordsOfOlderMeasurementsAreMeasuredAgain() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    _ = try await run(grid(systems: ["unet"]), in: folder)
    let file = folder.appending(path: "cells/unet-sall-seed1/figures.json")
    var record = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    #expect(record.removeValue(forKey: "measurement") as? Int == 2)
    try JSONSerialization.data(withJSONObject: record).write(to: file)
    let events = try await run(grid(systems: ["unet"]), in: folder)
    #expect(events.trained.withLock { $0 }.isEmpty && events.found.withLock { $0 }.isEmpty)
    #expect(try text(folder, "cells/unet-sall-seed1/figures.json").contains(#""measurement" : 2"#))
  }

  @Test func sourcesThatArentThereAreNamed() throws {
    let phantoms = try Self.phantoms.get()
    var grid = try grid()
    grid.trainSources = ["nowhere"]
    let folder = try TestEnvironment.temporaryFolder()
    let error = #expect(throws: TrainingError.self) {
      try Experiment(grid, index: phantoms.index, cache: phantoms.cache, output: folder, cells: folder)
    }
    #expect("\(error!)".contains("nowhere"))
    grid.trainSources = nil
    let source = try #require(phantoms.index.split(.train).first?.source)
    grid.tests = [.init(name: "empty", sources: [source])]
    #expect(throws: TrainingError.self) {
      try Experiment(grid, index: phantoms.index, cache: phantoms.cache, output: folder, cells: folder)
    }
  }
}
