/// Why no radiograph could be made from a file.
public enum RadiographError: Error, Equatable, CustomStringConvertible {
  /// Another kind of object: CT, ultrasound, report, segmentation ... (`kind` names it).
  case notARadiograph(kind: String)
  /// Samples per Pixel is not 1, or the Photometric Interpretation is a colour one.
  case colour(photometricInterpretation: String)
  /// More than one frame: a run or a tomosynthesis, not one radiograph.
  case multiFrame(Int)
  /// No pixel data, or Rows or Columns absent or 0.
  case noPixelData
  /// The pixel data doesn't hold as many values as Rows x Columns say.
  case wrongPixelCount(expected: Int, found: Int)
  /// The pixel data couldn't be decoded.
  case undecodable(code: String, message: String, isRetryable: Bool)

  /// Short coded reason for reports.
  public var code: String {
    switch self {
    case .notARadiograph: "not_a_radiograph"
    case .colour: "colour_image"
    case .multiFrame: "multi_frame"
    case .noPixelData: "no_pixel_data"
    case .wrongPixelCount: "corrupt_pixel_data"
    case .undecodable(let code, _, _): code
    }
  }

  /// Whether the same file may succeed later.
  public var isRetryable: Bool {
    if case .undecodable(_, _, let isRetryable) = self { isRetryable } else { false }
  }

  /// One line: what is wrong.
  public var description: String {
    switch self {
    case .notARadiograph(let kind): "not a radiograph: \(kind)"
    case .colour(let interpretation): "a colour image (\(interpretation)), not a radiograph"
    case .multiFrame(let frames): "\(frames) frames; one is expected"
    case .noPixelData: "no pixel data"
    case .wrongPixelCount(let expected, let found): "\(found) pixels where \(expected) are expected"
    case .undecodable(_, let message, _): message
    }
  }
}
