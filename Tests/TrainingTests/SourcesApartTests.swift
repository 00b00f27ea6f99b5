import Archive
import Foundation
import Phantoms
import TestSupport
import Testing
import Training

/// Sources of findings and of masks chosen apart, and sources left out.
@Suite struct SourcesApartTests {
  private static let phantoms = Result {
    let folder = try TestEnvironment.temporaryFolder()
    let archive = folder.appending(path: "archive")
    // site-1: 1, 2, 7, 8; site-2: 3, 4, 9, 10; site-3: 5, 6, 11, 12. The fifth and the tenth are for validation.
    try PhantomArchive.write(count: 12, size: 64, seed: 5, sources: 3, to: archive)
    let index = try ArchiveIndex(scanning: archive)
    return (
      index: index,
      cache: try ImageCache(for: index, root: archive, at: folder.appending(path: "cache"), size: 32)
    )
  }

  private func data(_ change: (inout TrainingConfiguration) -> Void) throws -> TrainingData {
    var configuration = TrainingConfiguration()
    change(&configuration)
    try #require(configuration.problem == nil)
    let phantoms = try Self.phantoms.get()
    return TrainingData(index: phantoms.index, cache: phantoms.cache, configuration: configuration)
  }

  private func sources(_ pool: TrainingData.Pool, _ data: TrainingData) -> Set<String> {
    Set(pool.positions.map { data.index.images[$0].source })
  }

  @Test func labelsAndImagesWithoutComeFromTheirSources() throws {
    let data = try data {
      $0.findingSources = ["site-1", "site-2"]
      $0.maskSources = ["site-3"]
    }
    #expect(sources(data.classification, data) == ["site-1", "site-2"] && data.classification.count == 7)
    #expect(sources(data.segmentation, data) == ["site-3"] && data.segmentation.count == 3)
    // All of their images have a label, and nobody said that others are learned from without.
    #expect(data.unlabelled.isEmpty && data.segmentationUnlabelled.isEmpty)
    #expect(data.labels.images == 10)
  }

  @Test func othersAreLearnedFromWithoutTheirLabelsWhereThatIsSaid() throws {
    let data = try data {
      $0.findingSources = ["site-1"]
      $0.pseudoLabelSources = ["site-1", "site-2"]
      $0.maskSources = ["site-3"]
      $0.consistencySources = ["site-2"]
      $0.labelledClassification = 2
    }
    #expect(sources(data.classification, data) == ["site-1"] && data.classification.count == 2)
    #expect(sources(data.unlabelled, data) == ["site-1", "site-2"] && data.unlabelled.count == 5)
    #expect(sources(data.segmentationUnlabelled, data) == ["site-2"])
  }

  @Test func validationKnowsWhatIsLearnedAlone() throws {
    let data = try data { ($0.findingSources, $0.maskSources) = (["site-1"], ["site-3"]) }
    #expect(data.validation.map { data.index.images[$0].source } == ["site-3"])
    let all = try self.data { _ in }
    #expect(all.validation.count == 2)
  }

  /// A patient of a source that is left out may have been elsewhere, too.
  @Test func nothingIsLearnedOfASourceThatIsLeftOut() throws {
    let folder = try TestEnvironment.temporaryFolder()
    let (east, west) = (folder.appending(path: "east"), folder.appending(path: "west"))
    // The same patients: of west the first four, in folders of their own.
    try PhantomArchive.write(count: 12, size: 64, seed: 5, sources: 3, to: east)
    try PhantomArchive.write(count: 4, size: 64, seed: 6, sources: 2, to: west)
    let set = ArchiveSet(try [east, west].map { ($0, try ArchiveIndex(scanning: $0)) })
    let caches = try set.members.map {
      try ImageCache(for: $0.index, root: $0.root, at: folder.appending(path: $0.name + ".cache"), size: 32)
    }
    let index = set.index.assigningSplits(validation: 0.1, seed: 1)
    var configuration = TrainingConfiguration()
    configuration.leftOut = ["west/site-1"]
    let data = TrainingData(index: index, cache: ImageCache(caches, of: set), configuration: configuration)
    let learned = Set(data.segmentation.positions).union(data.validation).map { index.images[$0] }
    let left = Set(index.images.filter { $0.source == "west/site-1" }.map(\.patientID))
    #expect(left == ["PHANTOM-001", "PHANTOM-002"])
    #expect(learned.count == 12 && learned.allSatisfy { !left.contains($0.patientID) })
  }

  @Test(
    arguments: [
      (#"{"findingSources": []}"#, "no source folders"), (#"{"leftOut": []}"#, "no source folders"),
      (#"{"sources": ["a"], "maskSources": ["b"]}"#, "from b, of which nothing is taken"),
      (#"{"leftOut": ["a"], "findingSources": ["a", "b"]}"#, "from a, of which nothing is taken"),
    ])
  func contradictionsAreRefused(_ text: String, _ words: String) throws {
    let configuration = try TrainingConfiguration().changed(byJSON: Data(text.utf8))
    #expect(configuration.problem?.contains(words) ?? false, "\(configuration.problem ?? "")")
  }
}
