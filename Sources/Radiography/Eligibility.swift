public import DICOM

/// May this object be analysed? Decided from the data set alone, before any pixel is decoded.
public enum Eligibility: Hashable, Sendable {
  case eligible
  case notAnalysed(NotAnalysedReason)

  /// Judges a data set: kind of object, own output, processing state, body part, view.
  /// - Parameter refusesUnstated: an image that says neither which part it shows nor how isn't read.
  public init(_ dataSet: DataSet, refusesUnstated: Bool = false) {
    let reason = Self.reason(dataSet) ?? (refusesUnstated && Self.isUnstated(dataSet) ? .unstated : nil)
    self = reason.map(Self.notAnalysed) ?? .eligible
  }

  /// A data set says neither which part of the body it shows nor in which view: not in its own attributes, and not in
  /// any description. That it lies as a frontal image would is a device's default and says nothing.
  public static func isUnstated(_ dataSet: DataSet) -> Bool {
    BodyPart(dataSet) == .unstated && RadiographicView.said(by: dataSet) == nil
  }

  /// The reason, where there is one.
  public var reason: NotAnalysedReason? {
    if case .notAnalysed(let reason) = self { reason } else { nil }
  }

  private static func reason(_ dataSet: DataSet) -> NotAnalysedReason? {
    // First of all: our own overlay has a radiograph's Modality and body part.
    if Equipment.isOwnOutput(dataSet) { return .ownOutput }
    switch RadiographError.refusal(of: dataSet) {
    case .notARadiograph(let kind): return .notARadiograph(kind)
    case .colour(let interpretation): return .colourImage(interpretation)
    case .multiFrame(let frames): return .multiFrame(frames)
    // Without pixels it is a broken file, not an unsuitable one: the decoder says so.
    case .noPixelData, .wrongPixelCount, .undecodable, nil: break
    }
    if dataSet.uid(.sopClassUID) == .digitalXRayImageStorageForProcessing
      || dataSet.code(.presentationIntentType) == "FOR PROCESSING"
    {
      return .forProcessing
    }
    if case .other(let name) = BodyPart(dataSet) { return .notChest(name) }
    switch RadiographicView(dataSet) {
    case .frontal, .unstated: return nil
    case .lateral: return .lateral
    case .oblique: return .notFrontal("oblique")
    case .decubitus: return .notFrontal("decubitus")
    case .other(let name): return .notFrontal(name)
    }
  }
}

/// Why an intact object is left unread. The payloads repeat what the data set says of itself.
public enum NotAnalysedReason: Hashable, Sendable, CustomStringConvertible {
  /// Written by this program: analysing it would feed a result back.
  case ownOutput
  /// CT, ultrasound, report, segmentation ...
  case notARadiograph(String)
  /// A colour picture, such as a screenshot.
  case colourImage(String)
  /// A run or a tomosynthesis.
  case multiFrame(Int)
  /// FOR PROCESSING pixels aren't meant to be looked at; the FOR PRESENTATION image is beside it.
  case forProcessing
  /// Another body part than the chest is stated.
  case notChest(String)
  /// A lateral view.
  case lateral
  /// Oblique, decubitus, axial.
  case notFrontal(String)
  /// Neither body part nor view is stated anywhere, and the configuration refuses such an image.
  case unstated

  /// Short coded reason for reports.
  public var code: String {
    switch self {
    case .ownOutput: "own_output"
    case .notARadiograph: "not_a_radiograph"
    case .colourImage: "colour_image"
    case .multiFrame: "multi_frame"
    case .forProcessing: "for_processing"
    case .notChest: "not_chest"
    case .lateral: "lateral"
    case .notFrontal: "not_frontal"
    case .unstated: "unstated"
    }
  }

  /// One line for people.
  public var description: String {
    switch self {
    case .ownOutput: "written by this program"
    case .notARadiograph(let kind): "not a radiograph: \(kind)"
    case .colourImage(let interpretation): "a colour image (\(interpretation))"
    case .multiFrame(let frames): "\(frames) frames; one is expected"
    case .forProcessing: "a FOR PROCESSING image"
    case .notChest(let part): "body part is \(part), not the chest"
    case .lateral: "a lateral view; a frontal one is needed"
    case .notFrontal(let view): "\(view) view; a frontal one is needed"
    case .unstated: "says neither body part nor view"
    }
  }
}
