import Experiments
import Foundation
import MultiMix
import TestSupport
import Testing
import Training

/// What grid files mean, and what is wrong with bad ones.
@Suite struct ExperimentGridTests {
  private static let small = """
    {"systems": ["unet", "enc", "multimix"], "seeds": [1, 2], "size": 64, "tests": [{"name": "all"}],
     "labels": [{"classification": 100, "segmentation": 10}, {"classification": 100, "segmentation": "all"}],
     "training": {"stages": [{"size": 64, "steps": 7}], "batch": {"unlabelled": 3}}}
    """

  private func grid(_ text: String) throws -> ExperimentGrid { try ExperimentGrid(Data(text.utf8)) }

  @Test func cellsAreTrainedOnceEach() throws {
    let names = try grid(Self.small).cells.map(\.name)
    // enc leaves the masks aside, so that its two pairs of budgets are one training.
    #expect(
      names == [
        "unet-s10-seed1", "enc-c100-seed1", "multimix-c100-s10-seed1", "unet-sall-seed1",
        "multimix-c100-sall-seed1", "unet-s10-seed2", "enc-c100-seed2", "multimix-c100-s10-seed2",
        "unet-sall-seed2", "multimix-c100-sall-seed2",
      ])
  }

  @Test func cellsSayHowTheyAreTrained() throws {
    let grid = try grid(Self.small)
    let unet = grid.cells[3].configuration(grid)
    #expect(unet.system == .unet && unet.labelledSegmentation == nil && unet.labelledClassification == nil)
    #expect(unet.batch.classification == 0 && unet.batch.unlabelled == 0 && unet.batch.segmentation == 10)
    let multimix = grid.cells[7].configuration(grid)
    #expect(
      multimix.seed == 2 && multimix.labelledClassification == 100 && multimix.labelledSegmentation == 10)
    #expect(multimix.batch.unlabelled == 3 && multimix.stages == [.init(size: 64, steps: 7)])
    // Validated once: no model is chosen by the images that it is measured on.
    #expect(multimix.validateEvery == 7)
    #expect(multimix.problem == nil)
  }

  @Test func variantsAreTriedWithEverySystem() throws {
    let grid = try grid(
      Self.small.replacingOccurrences(
        of: #""training""#,
        with: """
          "variants": [
            {"name": "ema", "title": "moving average", "training": {"emaDecay": 0.9}},
            {"name": "lower-tau", "training": {"objective": {"tau": 0.6}, "batch": {"unlabelled": 5}}}
          ], "training"
          """))
    #expect(
      grid.cells.prefix(9).map(\.name) == [
        "unet-s10-seed1", "unet-ema-s10-seed1", "unet-lower-tau-s10-seed1", "enc-c100-seed1",
        "enc-ema-c100-seed1", "enc-lower-tau-c100-seed1", "multimix-c100-s10-seed1",
        "multimix-ema-c100-s10-seed1", "multimix-lower-tau-c100-s10-seed1",
      ])
    let (plain, averaged, lower) = (
      grid.cells[6].configuration(grid), grid.cells[7].configuration(grid), grid.cells[8].configuration(grid)
    )
    #expect(plain.emaDecay == nil && plain.objective.tau == 0.7 && plain.batch.unlabelled == 3)
    #expect(averaged.emaDecay == 0.9 && averaged.batch == plain.batch)
    #expect(averaged.objective == plain.objective)
    #expect(lower.objective.tau == 0.6 && lower.batch.unlabelled == 5 && lower.validateEvery == 7)
    #expect(lower.batch.segmentation == 10 && lower.emaDecay == nil)
  }

  @Test(
    arguments: [
      (#""unet", "enc""#, #""unet", "yolo""#, "yolo"),
      (#"["unet", "enc", "multimix"]"#, "[]", "systems: none"),
      (#"[1, 2]"#, "[]", "seeds: none"),
      (#"[1, 2]"#, "[1, 1]", "seeds: one is given twice"),
      (#"[1, 2]"#, "[-1]", "seeds"),
      (#""segmentation": 10"#, #""segmentation": -10"#, "-10"),
      (#""segmentation": 10"#, #""segmentation": "some""#, "all"),
      (#""segmentation": 10"#, #""segmentation": 1.5"#, "segmentation"),
      (#""size": 64, "#, #""size": 100, "#, "size 100"),
      (#""size": 64, "tests""#, #""size": 32, "tests""#, "larger"),
      (#""seeds""#, #""sedes""#, "sedes"),
      (#""steps": 7"#, #""steps": 0"#, "0 steps"),
      (#""batch""#, #""bacth""#, "bacth"),
      (#""unlabelled": 3"#, #""unlabelled": -3"#, "-3"),
      (#"{"name": "all"}"#, #"{"name": "all", "source": ["a"]}"#, "source"),
      (#"{"name": "all"}"#, #"{"name": "../all"}"#, "../all"),
      (#"{"name": "all"}"#, #"{"name": "all", "sources": []}"#, "without sources"),
      (#"{"name": "all"}"#, #"{"name": "all"}, {"name": "all"}"#, "tests: one is given twice"),
      (#""size": 64, "#, #""size": 64, "split": "vla", "#, "vla"),
      (#"{"name": "all"}"#, #"{"name": "all", "split": "all"}"#, "aren't trained on"),
      (#"{"name": "all"}"#, #"{"name": "all", "split": "vla"}"#, "vla"),
      (
        #""size": 64, "tests""#, #""size": 64, "variants": [{"name": "a/b", "training": {}}], "tests""#,
        "a/b"
      ),
      (
        #""size": 64, "tests""#,
        #""size": 64, "variants": [{"name": "a", "training": {}}, {"name": "a", "training": {}}], "tests""#,
        "twice"
      ),
      (#""size": 64, "tests""#, #""size": 64, "variants": [{"name": "a"}], "tests""#, "variant a: training"),
      (
        #""size": 64, "tests""#, #""size": 64, "variants": [{"name": "a", "training": 3}], "tests""#,
        "variant a: training"
      ),
      (
        #""size": 64, "tests""#,
        #""size": 64, "variants": [{"name": "a", "training": {"maskSourceExponent": null}}], "tests""#,
        "changes nothing in unet"
      ),
      (
        #""enc", "multimix"], "#,
        #""enc", "enc-ssl"], "variants": [{"name": "ssl", "training": {"emaDecay": 0.9}}], "#,
        "called enc-ssl-c100-seed"
      ),
      (
        #""size": 64, "tests""#, #""size": 64, "variants": [{"name": "a", "training": {"tau": 1}}], "tests""#,
        "tau"
      ),
      (
        #""size": 64, "tests""#,
        #""size": 64, "variants": [{"name": "a", "training": {"stages": [{"size": 32, "steps": 7}]}}], "tests""#,
        "stages"
      ),
      (#""size": 64, "#, #""size": 64, "threads": 0, "#, "threads"),
      (#""size": 64, "#, #""size": 64, "compare": ["unet", "umtl"], "#, "compare"),
      (#""batch""#, #""seed": 3, "batch""#, "seed"),
      ("}}", "}", "JSON"),
    ])
  func badFilesAreRefused(old: String, new: String, word: String) throws {
    let text = Self.small.replacingOccurrences(of: old, with: new)
    #expect(text != Self.small)
    let error = #expect(throws: ExperimentGridError.self) { try grid(text) }
    #expect(error?.description.contains(word) ?? false, "\(error?.description ?? "")")
  }

  @Test func pairsAreOneOrSeveral() throws {
    func pairs(_ compare: String) throws -> [ExperimentGrid.Pair] {
      try grid(Self.small.replacingOccurrences(of: #""size""#, with: "\"compare\": \(compare), \"size\""))
        .compare
    }
    #expect(try grid(Self.small).compare.isEmpty)
    #expect(try pairs(#"["unet", "multimix"]"#) == [.init(.unet, .multimix)])
    #expect(
      try pairs(#"[["unet", "multimix"], ["enc", "multimix"]]"#)
        == [.init(.unet, .multimix), .init(.enc, .multimix)])
    for bad in [
      #"["unet"]"#, #"["unet", "enc", "multimix"]"#, #"[["unet", "unet"]]"#, "3", #"[["unet", "umtl"]]"#,
      #"[["unet", "enc"], ["unet", "enc"]]"#, "null",
    ] {
      let error = #expect(throws: ExperimentGridError.self, "\(bad)") { try pairs(bad) }
      #expect(error?.description.contains("compare") ?? false, "\(bad): \(error?.description ?? "")")
    }
  }

  /// What is compared without being named, and once only where a budget makes no difference.
  @Test func variantsAreComparedWithTheSystemAsItIs() throws {
    let text = Self.small.replacingOccurrences(
      of: #""size""#,
      with:
        #""compare": ["unet", "enc"], "variants": [{"name": "ema", "training": {"emaDecay": 0.9}}], "size""#)
    let grid = try grid(text)
    #expect(
      grid.matches == [.init(first: .init(.unet), second: .init(.enc))]
        + [.unet, .enc, .multimix].map { .init(first: .init($0), second: .init($0, variant: "ema")) })
  }

  @Test func theStandardGridIsGood() throws {
    let grid = try ExperimentGrid.standard()
    #expect(grid.cells.count == 8 && grid.trainSources == nil && grid.tests.map(\.sources) == [nil])
    #expect(grid.matches.count == 3)
  }

  @Test(arguments: ["reduced", "semi-supervised", "beyond", "paper", "phantoms", "left-out", "paper-sources"])
  func ourGridsAreGood(name: String) throws {
    let file = TestEnvironment.packageRoot.appending(path: "etc/experiments/\(name).json")
    let grid = try ExperimentGrid(Data(contentsOf: file))
    #expect(grid.name == name)
    switch name {
    // 2 seeds x 2 pairs of budgets x 5 systems.
    case "reduced": #expect(grid.cells.count == 20)
    case "semi-supervised": #expect(grid.cells.count == 6)
    // 2 seeds x 2 systems.
    case "phantoms": #expect(grid.cells.count == 4)
    // 2 seeds x 5 groups of sources x (the training as it is + 2 variants).
    case "left-out": #expect(grid.cells.count == 30)
    // 2 seeds x (the training as it is + 9 variants).
    case "beyond": #expect(grid.cells.count == 20)
    // 3 seeds x (3 unet, 3 + 3 enc and enc-ssl, 5 x 9 of both tasks).
    default: #expect(grid.cells.count == 3 * (3 + 6 + 45))
    }
  }
}
