/// Why an archive can't be indexed at all. What concerns single files or rows is an ``ArchiveProblem``.
public enum ArchiveError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The archive directory isn't there.
  case missing(path: String)
  /// The archive path is there but isn't a directory.
  case notADirectory(path: String)
  /// The archive directory can't be listed.
  case unreadable(path: String, errno: Int32)
  /// The labels file that was named isn't there.
  case labelsMissing(path: String)
  /// The labels file can't be used as a whole: not UTF-8, no header, no `SOPInstanceUID` column ...
  case labelsUnusable(path: String, reason: String)

  public var description: String {
    switch self {
    case .missing(let path): "\(path): no such archive directory"
    case .notADirectory(let path): "\(path): not a directory; an archive is a directory of DICOM files"
    case .unreadable(let path, let errno):
      "\(path): archive can't be listed (errno \(errno)); check its rights"
    case .labelsMissing(let path): "\(path): no such labels file"
    case .labelsUnusable(let path, let reason): "\(path): labels can't be used: \(reason)"
    }
  }

  /// Whether trying again without a change by the user may help.
  public var isRetryable: Bool {
    if case .unreadable = self { true } else { false }
  }
}
