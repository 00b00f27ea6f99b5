import DICOM

/// Which results an image gets, and how they are made.
public struct ResultOptions: Sendable, Hashable, Codable {
  /// A kind of result object; the raw value is what the configuration calls it, and part of the file's name.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// Pictures: a Secondary Capture, and a PNG for people without a viewer.
    case overlay
    /// The lungs' masks.
    case segmentation
    /// A structured report.
    case report
    /// The lungs' outline to be drawn on the source: a presentation state.
    case presentation
    /// A FHIR R4 DiagnosticReport with its Observations, as JSON.
    case fhir
    /// An HL7 version 2 message, ORU^R01.
    case hl7

    /// Whether it is a DICOM object, or a message for systems that speak another language.
    package var isObject: Bool { self != .fhir && self != .hl7 }
  }

  /// How the pictures of an image become objects.
  public enum Frames: String, Sendable, Codable, CaseIterable {
    /// One object of several frames, which a reader pages through.
    case several
    /// An object for each picture, for viewers that show only the first frame.
    case single
  }

  /// How pictures are compressed.
  public enum Encoding: String, Sendable, Codable, CaseIterable {
    /// JPEG baseline: small, and read by everybody; lossy.
    case jpeg
    /// JPEG 2000 without loss.
    case jpeg2000
    case none

    var transferSyntax: TransferSyntax {
      switch self {
      case .jpeg: .jpegBaseline
      case .jpeg2000: .jpeg2000Lossless
      case .none: .explicitVRLittleEndian
      }
    }
  }

  /// What becomes of an image that says neither body part nor view.
  public enum Unstated: String, Sendable, Codable, CaseIterable {
    /// It is read, with a note.
    case read
    /// It isn't analysed.
    case refuse
  }

  /// Each once.
  public var kinds: [Kind] = [.overlay, .segmentation, .report]
  public var frames = Frames.several
  /// Of a picture with its band of text, in pixels; smaller radiographs aren't magnified. 0: as large as the radiograph.
  public var longestSide = 2048
  public var encoding = Encoding.jpeg
  public var unstated = Unstated.read

  public init() {}
}
