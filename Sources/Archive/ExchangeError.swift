/// Why nothing can be imported, or exported, at all. What concerns single pictures is an ``ArchiveProblem``.
public enum ExchangeError: Error, Equatable, Sendable, CustomStringConvertible {
  case source(ArchiveError)
  /// No picture, or no image, lies there.
  case nothing(path: String)
  /// The output holds something already.
  case occupied(path: String)
  case cannotWrite(path: String, why: String)
  /// The key's file can't be used.
  case key(path: String, why: String)

  public var description: String {
    switch self {
    case .source(let error): error.description
    case .nothing(let path): "\(path): holds no image that could be used"
    case .occupied(let path): "\(path): holds something already: take another --output, or move it away"
    case .cannotWrite(let path, let why): "\(path): can't be written: \(why)"
    case .key(let path, let why): "\(path): \(why)"
    }
  }
}

/// Why a picture, or a mask, can't be used: one line behind the name of its file.
struct PictureProblem: Error, Equatable {
  let text: String

  init(_ text: String) { self.text = text }
}
