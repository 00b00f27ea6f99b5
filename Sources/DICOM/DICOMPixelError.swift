/// Why a frame could not be decoded.
public struct DICOMPixelError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Reason: String, Sendable {
    /// The file could not be opened again, or is no longer the one that was read.
    case unreadable
    case noPixelData = "no_pixel_data"
    case noSuchFrame = "no_such_frame"
    /// Rows, columns, bits ... are missing, contradict each other or are absurd.
    case invalidImage = "invalid_image"
    case unsupportedTransferSyntax = "unsupported_transfer_syntax"
    /// A layout of pixels that isn't handled, such as subsampled native colour.
    case unsupportedPixels = "unsupported_pixels"
    case corruptPixelData = "corrupt_pixel_data"
    case outOfMemory = "out_of_memory"
  }

  public let reason: Reason
  public let path: String
  /// What exactly was wrong, without any value that could identify a person.
  public let detail: String
  /// DCMTK's condition code; nil where it doesn't apply.
  public let toolkitCode: Int?

  /// Short coded reason for reports.
  public var code: String { reason.rawValue }

  /// A later attempt may succeed.
  public var isRetryable: Bool { reason == .unreadable || reason == .outOfMemory }

  public var description: String { "\(path): \(detail)" }
}
