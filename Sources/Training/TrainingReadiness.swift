public import Archive
public import MultiMix

/// How many labels there are to train with, after the budgets.
public struct TrainingLabels: Sendable, Equatable {
  /// Images of the training split, labelled or not.
  public var images: Int
  /// Those with a finding.
  public var normal, pneumonia: Int
  /// Those with a lung mask.
  public var masks: Int

  public init(images: Int, normal: Int, pneumonia: Int, masks: Int) {
    self.images = images
    self.normal = normal
    self.pneumonia = pneumonia
    self.masks = masks
  }
}

/// Whether training may begin on an archive as it is. What is wrong is counted before the first step, so that
/// nobody finds out after hours that a model was trained on half of the labels, or measured on patients that
/// it had seen.
public struct TrainingReadiness: Sendable, Equatable {
  /// Something that keeps training from beginning.
  public struct Obstacle: Sendable, Equatable, CustomStringConvertible {
    public enum Kind: String, Sendable, CaseIterable {
      case noLabels, noFindings, noMasks
      case oneClass, maskSizeMismatch, severalMasks, labelWithoutImage, patientInSeveralSplits
    }
    public let kind: Kind
    /// How often it occurs.
    public let count: Int
    /// What it is and how often, where it is first met, and what training would do about it.
    public let description: String

    /// Whether the rest can be trained on if the user says so.
    public var isAcceptable: Bool {
      switch kind {
      case .noLabels, .noFindings, .noMasks: false
      case .oneClass, .maskSizeMismatch, .severalMasks, .labelWithoutImage, .patientInSeveralSplits: true
      }
    }
  }

  public let obstacles: [Obstacle]

  /// - Parameters:
  ///   - problems: of the index and of the cache; those that only cost a file are left to their own lines.
  ///   - labels: what the training split offers.
  ///   - system: decides which labels are needed.
  public init(problems: [ArchiveProblem], labels: TrainingLabels, system: System) {
    obstacles = Self.missing(labels, system) + Self.faults(problems, system)
  }

  /// The one line that says why training doesn't begin; nil when it may.
  /// - Parameter acceptingProblems: whether the user wants what is left to be trained on.
  public func refusal(acceptingProblems: Bool) -> String? {
    let blocking = obstacles.filter { !$0.isAcceptable || !acceptingProblems }
    guard !blocking.isEmpty else { return nil }
    let advice =
      blocking.allSatisfy(\.isAcceptable) ? "; mend this, or say --accept-problems to train all the same" : ""
    return "not ready for training: " + blocking.map(\.description).joined(separator: "; ") + advice
  }

  private static func missing(_ labels: TrainingLabels, _ system: System) -> [Obstacle] {
    let findings = labels.normal + labels.pneumonia
    let name = system.rawValue
    var obstacles: [Obstacle] = []
    func note(_ kind: Obstacle.Kind, _ count: Int, _ text: String) {
      obstacles.append(Obstacle(kind: kind, count: count, description: text))
    }
    if findings + labels.masks == 0 {
      note(
        .noLabels, labels.images,
        "no labels at all: none of the \(labels.images) images for training has a finding or a lung mask")
      return obstacles
    }
    if system.classifies, findings == 0 {
      note(
        .noFindings, labels.images,
        "none of the \(labels.images) images for training has a finding, which \(name) learns from "
          + "(--system unet needs masks only)")
    }
    if system.segments, labels.masks == 0 {
      note(
        .noMasks, labels.images,
        "none of the \(labels.images) images for training has a lung mask, which \(name) learns from "
          + "(--system enc and enc-ssl need findings only)")
    }
    if system.classifies, findings > 0, labels.normal == 0 || labels.pneumonia == 0 {
      let only = labels.normal == 0 ? Finding.pneumonia : .normal
      note(.oneClass, findings, "one class only: all \(findings) findings for training are \(only.rawValue)")
    }
    return obstacles
  }

  private static func faults(_ problems: [ArchiveProblem], _ system: System) -> [Obstacle] {
    let known: [(ArchiveProblem.Kind, Obstacle.Kind, one: String, many: String, remedy: String)] = [
      (.maskSizeMismatch, .maskSizeMismatch, "mask", "masks", "of another size than the image, left out"),
      (.severalMasks, .severalMasks, "image", "images", "with several masks, whose union would be used"),
      (
        .labelWithoutImage, .labelWithoutImage, "label", "labels",
        "for images that aren't in the archive, left out"
      ),
      (
        .patientInSeveralSplits, .patientInSeveralSplits, "patient", "patients",
        "in more than one split, which makes validation look too good"
      ),
    ]
    return known.compactMap { kind, obstacle, one, many, remedy in
      let found = problems.filter { $0.kind == kind }
      guard let first = found.first, system.segments || obstacle.isAboutFindings else { return nil }
      let count = found.reduce(0) { $0 + $1.count }
      let place = first.path + (first.line.map { ":\($0)" } ?? "")
      return Obstacle(
        kind: obstacle, count: count,
        description: "\(count) \(count == 1 ? one : many) \(remedy) (\(count > 1 ? "first: " : "")\(place))")
    }
  }
}

extension TrainingReadiness.Obstacle.Kind {
  /// Whether it matters to a system that learns no masks.
  fileprivate var isAboutFindings: Bool {
    switch self {
    case .maskSizeMismatch, .severalMasks, .noMasks: false
    case .noLabels, .noFindings, .oneClass, .labelWithoutImage, .patientInSeveralSplits: true
    }
  }
}
