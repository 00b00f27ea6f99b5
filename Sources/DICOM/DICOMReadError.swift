/// Why a file could not be read as DICOM.
public struct DICOMReadError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Reason: String, Sendable {
    /// The system refused: missing, no rights, a folder, an I/O error.
    case unreadable
    case emptyFile = "empty_file"
    case notDICOM = "not_dicom"
    /// The file ends within an element, or its pixel data is shorter than its attributes say.
    case truncated
    /// The structure contradicts the standard.
    case corrupt
    /// Larger than this program takes into memory.
    case tooLarge = "too_large"
    case outOfMemory = "out_of_memory"
  }

  public let reason: Reason
  public let path: String
  /// What exactly was wrong, without any value from the file.
  public let detail: String
  /// DCMTK's condition code, or errno for `.unreadable`; nil where neither applies.
  public let toolkitCode: Int?

  public init(reason: Reason, path: String, detail: String, toolkitCode: Int?) {
    self.reason = reason
    self.path = path
    self.detail = detail
    self.toolkitCode = toolkitCode
  }

  /// Short coded reason for reports.
  public var code: String { reason.rawValue }

  /// A later attempt may succeed: the file may still be on its way, or the system was short of something.
  public var isRetryable: Bool {
    switch reason {
    case .unreadable, .emptyFile, .truncated, .outOfMemory: true
    case .notDICOM, .corrupt, .tooLarge: false
    }
  }

  public var description: String { "\(path): \(detail)" }
}
