/// The systems that the paper compares: one network and one training loop, of which each system uses a part.
/// The network has the same parameters in all of them; those that a system doesn't train keep their initial
/// values.
///
/// The published consistency term is identically zero, so that the published MultiMix and UMTLS-SSL differ in
/// nothing that learns. Here they differ by that term, computed as the paper's text has it; with
/// `Objective.Consistency.published`, `multimix` is `umtl-s-ssl`.
public enum System: String, Sendable, Codable, CaseIterable {
  case unet
  case enc
  case encSSL = "enc-ssl"
  case umtl
  case umtlS = "umtl-s"
  case umtlSSL = "umtl-ssl"
  case umtlSSSL = "umtl-s-ssl"
  case multimix

  /// What it learns from.
  public var parts: Set<Part> { description.parts }

  /// Whether the decoder sees the classifier's saliency.
  public var bridgesSaliency: Bool { description.bridge }

  private var description: (parts: Set<Part>, bridge: Bool) {
    switch self {
    case .unet: ([.masks], false)
    case .enc: ([.findings], false)
    case .encSSL: ([.findings, .pseudoLabels], false)
    case .umtl: ([.findings, .masks], false)
    case .umtlS: ([.findings, .masks], true)
    case .umtlSSL: ([.findings, .masks, .pseudoLabels], false)
    case .umtlSSSL: ([.findings, .masks, .pseudoLabels], true)
    case .multimix: ([.findings, .masks, .pseudoLabels, .consistency], true)
    }
  }

  /// A part of the objective: its terms' weights, and the stream of images that it is computed from.
  public enum Part: Sendable, CaseIterable {
    case findings, masks, pseudoLabels, consistency

    var weights: [WritableKeyPath<Objective, Double>] {
      switch self {
      case .findings: [\.classification]
      case .masks: [\.segmentation, \.maskCrossEntropy]
      case .pseudoLabels: [\.pseudoLabel]
      case .consistency: [\.consistency]
      }
    }

    var stream: WritableKeyPath<BatchSizes, Int> {
      switch self {
      case .findings: \.classification
      case .masks: \.segmentation
      case .pseudoLabels: \.unlabelled
      case .consistency: \.segmentationUnlabelled
      }
    }
  }

  /// Whether it learns findings.
  public var classifies: Bool { parts.contains(.findings) }

  /// Whether it learns lung masks.
  public var segments: Bool { parts.contains(.masks) }

  /// What is left of an objective in it: a part that it lacks weighs nothing.
  public func terms(of objective: Objective) -> Objective {
    lacking.flatMap(\.weights).reduce(into: objective) { $0[keyPath: $1] = 0 }
  }

  /// What is left of a batch in it: a part that it lacks takes no images.
  public func streams(of batch: BatchSizes) -> BatchSizes {
    lacking.map(\.stream).reduce(into: batch) { $0[keyPath: $1] = 0 }
  }

  /// An objective and a batch that were written down with what this system lacks at zero, with their defaults there
  /// instead, for another system to find.
  public func restoringDefaults(_ objective: inout Objective, _ batch: inout BatchSizes) {
    for part in lacking {
      for weight in part.weights where objective[keyPath: weight] == 0 {
        objective[keyPath: weight] = Objective()[keyPath: weight]
      }
      if batch[keyPath: part.stream] == 0 { batch[keyPath: part.stream] = BatchSizes()[keyPath: part.stream] }
    }
  }

  private var lacking: [Part] { Part.allCases.filter { !parts.contains($0) } }
}
