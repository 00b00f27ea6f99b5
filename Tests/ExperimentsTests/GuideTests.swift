import Experiments
import Foundation
import MultiMix
import TestSupport
import Testing
import Training

/// The guides explain every key that the program knows, and none that it doesn't.
@Suite struct GuideTests {
  /// The keys in the first column of the table under `heading` (its first cell), whatever the lines between.
  private func keys(_ guide: String, under heading: String) throws -> Set<String> {
    let file = TestEnvironment.packageRoot.appending(path: "etc/guide/\(guide).md")
    let lines = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
    let start = try #require(lines.firstIndex { $0.hasPrefix("| \(heading) |") }, "\(guide): \(heading)")
    let rows = lines[(start + 2)...].prefix { $0.hasPrefix("|") }
    return Set(
      rows.flatMap { row in
        row.components(separatedBy: "|")[1].matches(of: /`([A-Za-z]+)`/).map { String($0.1) }
      })
  }

  private func members(of value: Any) -> Set<String> {
    Set(Mirror(reflecting: value).children.compactMap(\.label))
  }

  @Test func everyKeyOfATrainingIsExplained() throws {
    let configuration = TrainingConfiguration()
    #expect(try keys("training", under: "key") == members(of: configuration))
    #expect(try keys("training", under: "key of `batch`") == members(of: configuration.batch))
    #expect(try keys("training", under: "key of `objective`") == members(of: configuration.objective))
  }

  @Test func everySystemIsExplained() throws {
    let file = TestEnvironment.packageRoot.appending(path: "etc/guide/training.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    for system in System.allCases {
      let parts = [
        system.classifies, system.segments, system.bridgesSaliency, system.parts.contains(.pseudoLabels),
        system.parts.contains(.consistency),
      ].map { $0 ? "x |" : "|" }.joined(separator: " ")
      let name = "`\(system.rawValue)`" + (system == .multimix ? " (the default)" : "")
      #expect(text.contains("| \(name) | \(parts)\n"), "\(system.rawValue)")
    }
  }

  /// A grid with a key that there isn't is answered with those that there are.
  private func known(_ grid: String) throws -> Set<String> {
    let error = #expect(throws: ExperimentGridError.self) { try ExperimentGrid(Data(grid.utf8)) }
    let list = try #require(error?.description.components(separatedBy: "there are ").last)
    return Set(list.components(separatedBy: ", "))
  }

  @Test func everyKeyOfAGridIsExplained() throws {
    #expect(try keys("experiments", under: "key") == known(#"{"x": 1}"#))
    let start = #"{"systems": ["unet"], "seeds": [1], "labels": [{"classification": 1, "segmentation": 1}], "#
    #expect(try keys("experiments", under: "key of a test") == known(start + #""tests": [{"x": 1}]}"#))
    #expect(try keys("experiments", under: "key of a variant") == known(start + #""variants": [{"x": 1}]}"#))
  }

  @Test func everyGridIsNamed() throws {
    let file = TestEnvironment.packageRoot.appending(path: "etc/guide/experiments.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let folder = TestEnvironment.packageRoot.appending(path: "etc/experiments")
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      #expect(text.contains("| `\(name)` |"), "\(name)")
    }
  }
}
