/// The systems that the paper compares: one network and one training loop, of which each system uses a part.
/// The network has the same parameters in all of them; those that a system doesn't train keep their initial
/// values.
///
/// | system | findings | masks | saliency bridge | pseudo-labels | consistency |
/// |---|---|---|---|---|---|
/// | `unet` | | x | | | |
/// | `enc` | x | | | | |
/// | `enc-ssl` | x | | | x | |
/// | `umtl` | x | x | | | |
/// | `umtl-s` | x | x | x | | |
/// | `umtl-ssl` | x | x | | x | |
/// | `umtl-s-ssl` | x | x | x | x | |
/// | `multimix` | x | x | x | x | x |
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

  /// Whether it learns findings.
  public var classifies: Bool { self != .unet }

  /// Whether it learns lung masks.
  public var segments: Bool {
    switch self {
    case .enc, .encSSL: false
    case .unet, .umtl, .umtlS, .umtlSSL, .umtlSSSL, .multimix: true
    }
  }

  /// Whether the decoder sees the classifier's saliency.
  public var bridgesSaliency: Bool {
    switch self {
    case .umtlS, .umtlSSSL, .multimix: true
    case .unet, .enc, .encSSL, .umtl, .umtlSSL: false
    }
  }

  /// Whether it learns from images without a finding.
  public var usesPseudoLabels: Bool {
    switch self {
    case .encSSL, .umtlSSL, .umtlSSSL, .multimix: true
    case .unet, .enc, .umtl, .umtlS: false
    }
  }

  /// Whether it learns from images without a mask.
  public var usesConsistency: Bool { self == .multimix }
}
