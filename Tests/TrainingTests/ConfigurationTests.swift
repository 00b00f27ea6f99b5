import Foundation
import MultiMix
import NeuralNetworks
import TestSupport
import Testing
import Training

/// Training configurations as JSON files.
@Suite struct ConfigurationTests {
  private func changed(_ json: String) throws -> TrainingConfiguration {
    try TrainingConfiguration().changed(byJSON: Data(json.utf8))
  }

  @Test func whatIsNotNamedStays() throws {
    var expected = TrainingConfiguration()
    #expect(try changed("{}") == expected)
    expected.emaDecay = 0.999
    expected.objective.threshold = .classWise
    expected.objective.consistencyKind = .weakToStrong
    expected.objective.dropout = 0.1
    expected.objective.segmentation = 2
    expected.batch.unlabelled = 20
    #expect(
      try changed(
        """
        {"emaDecay": 0.999, "batch": {"unlabelled": 20}, "objective": {"threshold": "classWise", \
        "consistencyKind": "weakToStrong", "dropout": 0.1, "segmentation": 2}}
        """) == expected)
    #expect(try expected.changed(byJSON: Data(#"{"emaDecay": null}"#.utf8)).emaDecay == nil)
  }

  @Test func schedules() throws {
    #expect(try changed(#"{"schedule": {"cosine": {"warmup": 7}}}"#).schedule == .cosine(warmup: 7))
    #expect(
      try changed(#"{"schedule": {"stepDecay": {"factor": 0.1, "every": 80}}}"#).schedule
        == .stepDecay(factor: 0.1, every: 80))
    #expect(try changed(#"{"schedule": {"constant": {}}}"#).schedule == .constant)
  }

  /// A whole configuration replaces all, bit by bit.
  @Test func survivesAFile() throws {
    var configuration = TrainingConfiguration()
    configuration.stages = [.init(size: 64, steps: 7)]
    configuration.learningRate = 0.1 + 0.2
    configuration.seed = .max
    configuration.labelledSegmentation = 10
    configuration.schedule = .stepDecay(factor: 1 / 3.0, every: 9)
    configuration.objective.tau = 2 / 3.0
    #expect(try TrainingConfiguration().changed(byJSON: JSONEncoder().encode(configuration)) == configuration)
  }

  /// As older versions wrote a configuration: nothing of what the system lacks, and whether there is a bridge.
  @Test func configurationsOfOlderVersionsKeepTheirMeaning() throws {
    let old = try changed(
      """
      {"system": "unet", "batch": {"classification": 0, "segmentation": 7, "segmentationUnlabelled": 0, "unlabelled": 0},
       "objective": {"classification": 0, "consistency": 0, "maskCrossEntropy": 0, "pseudoLabel": 0, "segmentation": 3,
       "saliencyBridge": false}}
      """)
    var expected = TrainingConfiguration()
    expected.system = .unet
    expected.batch.segmentation = 7
    expected.objective.segmentation = 3
    #expect(old == expected && old.lanes == 16 && old.widths == [16, 32, 64, 128, 256])
    #expect(old.trained.batch.classification == 0 && old.trained.objective.pseudoLabel == 0)
    #expect(old.trained.batch.segmentation == 7 && old.trained.objective.segmentation == 3)
    // --system over it finds the other parts' defaults.
    var whole = old
    whole.system = .multimix
    #expect(whole.trained.batch.classification == 10 && whole.trained.objective.pseudoLabel == 0.25)
    // What a system has may be switched off.
    let without = try changed(#"{"objective": {"pseudoLabel": 0}}"#)
    #expect(without.trained.objective.pseudoLabel == 0)
    // A bridge that the system hasn't, or the lack of one that it has, is no training of that system.
    for json in [
      #"{"objective": {"saliencyBridge": false}}"#,
      #"{"system": "umtl", "objective": {"saliencyBridge": true}}"#,
    ] {
      #expect(throws: TrainingError.self) { try changed(json) }
    }
  }

  @Test(arguments: ["release-1", "release-2", "release-3", "release-4"])
  func theReleasedModelsTrainingsCanBeRead(name: String) throws {
    let file = TestEnvironment.packageRoot.appending(path: "etc/training/\(name).json")
    let release = try TrainingConfiguration().changed(byJSON: Data(contentsOf: file))
    #expect(release.problem == nil && release.stages.last?.size == 256 && release.system == .multimix)
  }

  /// The fourth version's is a reader for the third.
  @Test(arguments: ["release-5", "release-6"])
  func theReleasedReadersTrainingsCanBeRead(name: String) throws {
    let file = TestEnvironment.packageRoot.appending(path: "etc/training/\(name).json")
    let release = try TrainingConfiguration().changed(byJSON: Data(contentsOf: file))
    #expect(release.problem == nil && release.stages.last?.size == 256 && release.view == .lungs)
    #expect(release.system == .enc && (0..<1).contains(release.lungsWeight))
  }

  @Test func workGoesWithPixels() {
    var configuration = TrainingConfiguration()
    configuration.stages = [.init(size: 64, steps: 10), .init(size: 128, steps: 5)]
    #expect([0, 4, 10, 12, 15].map(configuration.pixels(inFirst:)) == [0, 16384, 40960, 73728, 122880])
  }

  @Test(
    arguments: [
      ("[]", "not a JSON object"), ("{", "not JSON"), (#"{"emaDecy": 0.9}"#, "has no emaDecy"),
      (#"{"objective": {"tua": 0.9}}"#, "objective has no tua"),
      (#"{"batch": 3}"#, "batch: not a JSON object"),
      (#"{"objective": {"tau": "high"}}"#, "objective.tau"),
      (#"{"objective": {"consistencyKind": "none"}}"#, "objective.consistencyKind"),
    ])
  func whatCannotBeMeantIsRefused(json: String, message: String) {
    #expect { try changed(json) } throws: { error in
      guard let error = error as? TrainingError, case .configuration(let text) = error else { return false }
      return text.contains(message)
    }
  }
}
