import Archive
import Experiments
import Foundation
import Phantoms
import TestSupport
import Testing
import Training

/// Grids that train without a source and measure on it.
@Suite struct LeaveOutTests {
  private static let text = """
    {"name": "out", "systems": ["enc", "multimix"], "seeds": [1, 2], "size": 32, "compare": ["enc", "multimix"],
     "labels": [{"classification": "all", "segmentation": "all"}],
     "trainSources": ["site-1", "site-2", "site-3"],
     "leaveOut": ["site-1", {"name": "others", "sources": ["site-2", "site-3"]}],
     "training": {"stages": [{"size": 32, "steps": 2}], "schedule": {"constant": {}}, "findingSources": ["site-1", "site-2"],
       "batch": {"segmentation": 2, "segmentationUnlabelled": 1, "classification": 2, "unlabelled": 2}}}
    """

  private func grid(_ old: String = "", _ new: String = "") throws -> ExperimentGrid {
    try ExperimentGrid(Data(Self.text.replacing(old, with: new).utf8))
  }

  @Test func everythingIsTrainedOnceWithoutEach() throws {
    let grid = try grid()
    #expect(
      grid.cells.map(\.name)
        == [1, 2].flatMap { seed in
          ["site-1", "others"].flatMap { out in
            ["enc-call-without-\(out)-seed\(seed)", "multimix-call-sall-without-\(out)-seed\(seed)"]
          }
        })
    let (first, second) = (grid.cells[1].configuration(grid), grid.cells[3].configuration(grid))
    #expect(
      first.leftOut == ["site-1"] && first.sources == ["site-2", "site-3"]
        && first.findingSources == ["site-2"])
    #expect(second.leftOut == ["site-2", "site-3"] && second.sources == ["site-1"])
    #expect(grid.tests.map(\.name) == ["site-1", "others"] && grid.tests.allSatisfy { $0.split == "all" })
    #expect(grid.cells.allSatisfy { $0.configuration(grid).problem == nil })
  }

  @Test(
    arguments: [
      (#""leaveOut": ["#, #""tests": [{"name": "all"}], "leaveOut": ["#, "tests"),
      (#""leaveOut": ["site-1", "#, #""leaveOut": ["site-1", "site-1", "#, "twice"),
      (#"["site-2", "site-3"]"#, #"["site-1", "site-3"]"#, "leaveOut: one is given twice"),
      (#"["site-2", "site-3"]"#, "[]", "leaveOut: one without sources"),
      (#"["site-1", "site-2", "site-3"]"#, #"["site-1"]"#, "leaveOut site-1: nothing is left"),
      (#""sources": ["site-2""#, #""source": ["site-2""#, "source"),
      (#""findingSources": ["site-1", "site-2"]"#, #""findingSources": ["site-1"]"#, "no source folders"),
      (#""findingSources""#, #""leftOut""#, "leftOut is not for all trainings alike"),
    ])
  func badFilesAreRefused(_ old: String, _ new: String, _ words: String) throws {
    let error = #expect(throws: ExperimentGridError.self) { try grid(old, new) }
    #expect(error?.description.contains(words) ?? false, "\(error?.description ?? "")")
  }

  @Test func modelsAreMeasuredOnWhatTheyHaventSeen() async throws {
    let folder = try TestEnvironment.temporaryFolder()
    let archive = folder.appending(path: "archive")
    try PhantomArchive.write(count: 12, size: 64, seed: 3, sources: 3, to: archive)
    let index = try ArchiveIndex(scanning: archive)
    let cache = try ImageCache(for: index, root: archive, at: folder.appending(path: "cache"), size: 32)
    let grid = try grid()
    func run() async throws -> [String] {
      let experiment = try Experiment(
        grid, index: index, cache: cache, output: folder, cells: folder.appending(path: "cells"))
      return try await experiment.run(jobs: 2) { _ in }
    }
    #expect(try await run() == [])
    func text(_ name: String) throws -> String {
      try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
    let rows = try text("cells.csv").components(separatedBy: "\r\n").dropFirst().dropLast()
    // One line each: a model is measured on its own source alone.
    #expect(rows.count == 8 && rows.count { $0.contains("-without-others-") && $0.contains(",others,") } == 4)
    let table = try text("table.md")
    #expect(table.contains("## Sources left out"))
    #expect(table.contains("On site-1, every image: 4 images with a finding, 4 with a mask."))
    #expect(table.contains("On site-2, site-3, every image: 8 images with a finding, 8 with a mask."))
    #expect(table.contains("| MultiMix | all / all | 4 | "))
    #expect(table.contains("| all / all | others | mean of 2 | 8 |"))
    // The deciding figures are the mean and the smaller of the two tests' means.
    let summary = try text("table.csv").components(separatedBy: "\r\n").map {
      $0.components(separatedBy: ",")
    }
    let column = try #require(summary[0].firstIndex(of: "dice_mean"))
    let dice = summary.filter { $0[0] == "multimix" }.compactMap { Double($0[column]) }
    #expect(dice.count == 2)
    let worst = dice[0] <= dice[1] ? "site-1" : "others"
    let words = String(format: "%.3f (%.3f", (dice[0] + dice[1]) / 2, min(dice[0], dice[1]))
    #expect(table.contains("\(words), \(worst)) |"), "\(words)")
    // Again, nothing is trained or measured anew.
    let before = try text("cells/enc-call-without-others-seed1/figures.json")
    let date = try folder.appending(path: "cells/enc-call-without-others-seed1/figures.json")
      .resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
    #expect(try await run() == [])
    #expect(try text("cells/enc-call-without-others-seed1/figures.json") == before)
    #expect(
      try folder.appending(path: "cells/enc-call-without-others-seed1/figures.json")
        .resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate == date)
  }

  /// The same images count for findings of one source, and for masks of another.
  @Test func labelsOfATestAreChosenApart() throws {
    let text = Self.text.replacing(
      #""leaveOut": ["site-1", {"name": "others", "sources": ["site-2", "site-3"]}]"#,
      with:
        #""tests": [{"name": "apart", "split": "val", "findingSources": ["site-1"], "maskSources": ["site-2"]}]"#
    )
    let grid = try ExperimentGrid(Data(text.utf8))
    #expect(grid.tests[0].findingSources == ["site-1"] && grid.tests[0].maskSources == ["site-2"])
  }
}
