/// Why an object could not be written. Nothing stands under the final name then.
public struct DICOMWriteError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Reason: String, Sendable {
    /// The data set and the pixels contradict each other, or an attribute that a file needs is missing.
    case invalidObject = "invalid_object"
    case unsupportedTransferSyntax = "unsupported_transfer_syntax"
    /// The encoder refused these pixels (JPEG baseline takes 8 bits only ...).
    case cannotEncode = "cannot_encode"
    /// The system refused: no rights, no space.
    case cannotWrite = "cannot_write"
    case outOfMemory = "out_of_memory"
  }

  public let reason: Reason
  public let path: String
  public let detail: String
  /// DCMTK's condition code, or errno for `.cannotWrite`; nil where neither applies.
  public let toolkitCode: Int?

  /// Short coded reason for reports.
  public var code: String { reason.rawValue }

  /// A later attempt may succeed.
  public var isRetryable: Bool { reason == .cannotWrite || reason == .outOfMemory }

  public var description: String { "\(path): \(detail)" }
}
