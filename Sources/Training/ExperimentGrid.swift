public import MultiMix

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

    public init(name: String, sources: [String]? = nil) { (self.name, self.sources) = (name, sources) }
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
  /// Of each training, and part of what decides its result.
  public var threads: Int
  /// Source folders that are trained on; nil for all.
  public var trainSources: [String]?
  /// The split that the models are measured on.
  public var split: String
  public var tests: [Test]
  /// Two systems whose difference is taken seed by seed: the second less the first.
  public var compare: [System]?

  /// The trainings, seed by seed, so that an experiment that was cut off has something of every system.
  public var cells: [ExperimentCell] {
    var cells: [ExperimentCell] = []
    for seed in seeds {
      for labels in labels {
        for system in systems {
          let cell = ExperimentCell(system, labels, seed: seed)
          // Budgets may differ in what a system leaves aside.
          if !cells.contains(cell) { cells.append(cell) }
        }
      }
    }
    return cells
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

  public init(from decoder: any Swift.Decoder) throws {
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

  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .count(let count): try container.encode(count)
    case .all: try container.encode("all")
    }
  }
}
