public import MultiMix
public import Training

/// What an experiment compares, and how every one of its trainings goes: the contents of a grid file (JSON).
public struct ExperimentGrid: Sendable, Equatable {
  /// How many labels are kept.
  public enum Amount: Sendable, Hashable {
    case count(Int)
    case all
  }

  /// A pair of budgets. A system that doesn't learn from one kind of labels leaves that budget aside.
  public struct Labels: Sendable, Hashable, Decodable {
    public var classification: Amount
    public var segmentation: Amount
  }

  /// Images that the models are measured on.
  public struct Test: Sendable, Equatable, Encodable {
    /// `in-domain` and `cross-domain` are shown beside the paper's.
    public var name: String
    /// Source folders of the archive; nil for all.
    public var sources: [String]?
    /// `train`, `val`, `test`, or `all` for every image of sources that no training sees; nil for the grid's.
    public var split: String?
    /// Those of the sources whose findings, and whose masks, count; nil for all.
    public var findingSources, maskSources: [String]?
    /// Whether it is for the models that were trained without its sources, and for no other.
    var isLeftOut = false

    public init(name: String, sources: [String]? = nil, split: String? = nil) {
      (self.name, self.sources, self.split) = (name, sources, split)
    }

    var namedSources: [String] { [sources, findingSources, maskSources].flatMap { $0 ?? [] } }

    /// As a file can say it.
    var asWritten: Test {
      var test = self
      test.isLeftOut = false
      return test
    }
  }

  /// Source folders that are left out together: what is trained is trained on all others, and measured on these.
  public struct Fold: Sendable, Hashable {
    public var name: String
    public var sources: [String]

    public init(name: String, sources: [String]) { (self.name, self.sources) = (name, sources) }

    var test: Test {
      var test = Test(name: name, sources: sources, split: "all")
      test.isLeftOut = true
      return test
    }
  }

  /// A change of the training that every system is tried with, beside the training without it.
  public struct Variant: Sendable, Equatable {
    /// Part of the names of its cells.
    public var name: String
    /// As tables and plots call it.
    public var title: String
    /// The grid's training, changed.
    public var training: TrainingConfiguration

    public init(name: String, title: String, training: TrainingConfiguration) {
      (self.name, self.title, self.training) = (name, title, training)
    }
  }

  /// Two systems that are set against each other.
  public struct Pair: Sendable, Hashable {
    public let first, second: System

    public init(_ first: System, _ second: System) { (self.first, self.second) = (first, second) }
  }

  /// What is said above the table.
  public var name: String
  public var note: String?
  public var systems: [System]
  public var labels: [Labels]
  public var seeds: [UInt64]
  /// Side of the images that the models are validated and measured on, in pixels.
  public var size: Int
  /// What all trainings have in common: stages, batch, schedule, objective. Where it has no `validateEvery`,
  /// models are validated once, at the end, so that none is chosen by the images that it is measured on.
  public var training: TrainingConfiguration
  /// Other trainings, each of as many steps at the same sizes.
  public var variants: [Variant]
  /// Of each training; they decide only the time.
  public var threads: Int
  /// Source folders that are trained on; nil for all.
  public var trainSources: [String]?
  /// The split that the models are measured on, where a test names no other.
  public var split: String
  public var tests: [Test]
  /// Where there are some, every training is done once for each, and `tests` are theirs.
  public var leaveOut: [Fold]
  /// Systems whose difference is taken seed by seed: the second less the first.
  public var compare: [Pair]

  /// The trainings, seed by seed, so that an experiment that was cut off has something of every system.
  public var cells: [ExperimentCell] {
    var cells: [ExperimentCell] = []
    for seed in seeds {
      for fold in folds {
        for labels in labels {
          for arm in arms {
            let cell = ExperimentCell(arm, labels, seed: seed, leftOut: fold)
            // Budgets may differ in what a system leaves aside.
            if !cells.contains(cell) { cells.append(cell) }
          }
        }
      }
    }
    return cells
  }

  /// A system with a training: what a row of the table is about, whatever the labels and seeds.
  public struct Arm: Sendable, Hashable {
    public let system: System
    /// The name of a variant; nil for the training as it is.
    public let variant: String?

    public init(_ system: System, variant: String? = nil) { (self.system, self.variant) = (system, variant) }
  }

  /// What the cache has to hold: the lungs too, where any of the trainings reads them alone.
  public var view: FindingsView {
    ([training] + variants.map(\.training)).contains { $0.view == .lungs } ? .lungs : .whole
  }

  /// What is left out, one after another; nil for nothing.
  private var folds: [String?] { leaveOut.isEmpty ? [nil] : leaveOut.map(\.name) }

  /// What the models of a cell are measured on.
  func tests(of cell: ExperimentCell) -> [Test] {
    tests.filter { !$0.isLeftOut || $0.name == cell.leftOut }
  }

  /// The cell whose model is measured on a test.
  func cell(_ arm: Arm, _ labels: Labels, seed: UInt64, for test: Test) -> ExperimentCell {
    ExperimentCell(arm, labels, seed: seed, leftOut: test.isLeftOut ? test.name : nil)
  }

  /// Every source folder that it names.
  var namedSources: [String] {
    (trainSources ?? []) + tests.flatMap(\.namedSources) + training.namedSources
      + variants.flatMap(\.training.namedSources)
  }

  /// The split that a test takes its images from.
  func split(of test: Test) -> String { test.split ?? split }

  /// Each system as it is, then with each variant.
  public var arms: [Arm] {
    systems.flatMap { system in
      [Arm(system)] + variants.map { Arm(system, variant: $0.name) }
    }
  }

  /// As tables and plots call it.
  func title(_ arm: Arm) -> String {
    guard let variant = variants.first(where: { $0.name == arm.variant }) else { return arm.system.title }
    return "\(arm.system.title), \(variant.title)"
  }

  /// The training of an arm, but for what its system and cell decide.
  func training(_ arm: Arm) -> TrainingConfiguration {
    variants.first { $0.name == arm.variant }?.training ?? training
  }
}

extension ExperimentGrid.Amount: Codable, CustomStringConvertible {
  /// The number, or `all`.
  public var description: String {
    switch self {
    case .count(let count): "\(count)"
    case .all: "all"
    }
  }

  /// The number, or nil for all.
  public var limit: Int? {
    switch self {
    case .count(let count): count
    case .all: nil
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let count = try? container.decode(Int.self) {
      self = .count(count)
    } else if (try? container.decode(String.self)) == "all" {
      self = .all
    } else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "a number of labels, or \"all\"")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .count(let count): try container.encode(count)
    case .all: try container.encode("all")
    }
  }
}
