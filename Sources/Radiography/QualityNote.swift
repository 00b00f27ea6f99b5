public import DICOM

/// Something about a radiograph that a reader of its result should know. None of them stops the analysis.
public enum QualityNote: Hashable, Sendable, CustomStringConvertible {
  /// The picture is upside down in brightness if its tags are believed; the values were corrected.
  /// `tag` is the Photometric Interpretation that was contradicted.
  case polarityContradictsTag(tag: String)
  /// Neither a window nor a VOI LUT: the full range of the pixels is shown.
  case noWindow
  /// A window or VOI LUT is present but can't be used; the full range of the pixels is shown.
  case windowIgnored(why: String)
  /// The first window or VOI LUT can't be used; the next one that shows the picture is applied.
  case windowReplaced(why: String)
  /// The pixels were turned or mirrored as Patient Orientation (`stated`) asks for.
  case righted(stated: String)
  /// The picture contradicts its Patient Orientation (`stated`, or "absent") and was turned as the picture says.
  case orientationContradictsTag(stated: String)
  /// A modality LUT or rescale is present but can't be used; stored values are taken as they are.
  case modalityTransformIgnored(why: String)
  /// `fraction` of the non-padding pixels lost their differences at the bright end of the window.
  case saturated(fraction: Double)
  /// The middle 99 % of the pixels cover only `span` of the display range (0...1).
  case lowContrast(span: Double)
  /// Fewer pixels than the network looks at.
  case tinyMatrix(rows: Int, columns: Int)
  /// Every pixel but for a hundredth equals the declared padding value: the declaration is not believed.
  case paddingIgnored
  /// The display shutter would cover (nearly) everything: it is not believed.
  case shutterIgnored
  /// Pixel spacing and aspect ratio are absurd; pixels are taken as square.
  case aspectIgnored(Double)

  /// The file broke the standard where it describes the picture; it was read as far as that goes.
  case fileMended(ParseRemark)

  /// Short coded reason for reports.
  public var code: String {
    switch self {
    case .polarityContradictsTag: "polarity_contradicts_tag"
    case .noWindow: "no_window"
    case .windowIgnored: "window_ignored"
    case .windowReplaced: "window_replaced"
    case .righted: "righted"
    case .orientationContradictsTag: "orientation_contradicts_tag"
    case .modalityTransformIgnored: "modality_transform_ignored"
    case .saturated: "saturated"
    case .lowContrast: "low_contrast"
    case .tinyMatrix: "tiny_matrix"
    case .paddingIgnored: "padding_ignored"
    case .shutterIgnored: "shutter_ignored"
    case .aspectIgnored: "aspect_ignored"
    case .fileMended: "file_mended"
    }
  }

  /// One line for people.
  public var description: String {
    switch self {
    case .polarityContradictsTag(let tag):
      "the pixels contradict Photometric Interpretation \(tag); brightness was inverted"
    case .noWindow: "no window or VOI LUT; the full range of the pixels is shown"
    case .windowIgnored(let why):
      "window or VOI LUT not usable (\(why)); the full range of the pixels is shown"
    case .windowReplaced(let why):
      "the first window or VOI LUT isn't usable (\(why)); the next one is applied"
    case .righted(let stated): "turned upright as Patient Orientation \(stated) asks for"
    case .orientationContradictsTag(let stated):
      "the picture contradicts Patient Orientation \(stated); turned as the picture shows it"
    case .modalityTransformIgnored(let why): "modality LUT or rescale not usable (\(why)); ignored"
    case .saturated(let fraction): "\(percent(fraction)) of the pixels are saturated at the bright end"
    case .lowContrast(let span): "low contrast: the pixels use \(percent(span)) of the display range"
    case .tinyMatrix(let rows, let columns): "only \(columns) x \(rows) pixels"
    case .paddingIgnored: "(nearly) every pixel equals the pixel padding value; padding ignored"
    case .shutterIgnored: "the display shutter covers (nearly) everything; ignored"
    case .aspectIgnored(let aspect): "implausible pixel aspect ratio \(aspect); pixels taken as square"
    case .fileMended(let remark): "the file breaks the standard (\(remark)); read without what is broken"
    }
  }

  private func percent(_ fraction: Double) -> String { "\(Int((fraction * 100).rounded())) %" }
}
