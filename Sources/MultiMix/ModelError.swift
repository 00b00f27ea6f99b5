/// Why a model file can't be used.
public enum ModelError: Error, Equatable, CustomStringConvertible {
  case missing(String)
  case unreadable(String)
  case corrupt(String, String)
  case missingParameter(String, String)
  case unknownParameter(String, String)
  case shape(String, String, expected: [Int], found: [Int])
  case invalidMetadata(String, String)

  public var description: String {
    switch self {
    case .missing(let path): "\(path): no such model file"
    case .unreadable(let path): "\(path): the model file can't be read"
    case .corrupt(let path, let what): "\(path): \(what)"
    case .missingParameter(let path, let name): "\(path): not a MultiMix model: \(name) is missing"
    case .unknownParameter(let path, let name): "\(path): not a MultiMix model: unexpected \(name)"
    case .shape(let path, let name, let expected, let found):
      "\(path): not a MultiMix model: \(name) has shape \(found), expected \(expected)"
    case .invalidMetadata(let path, let what): "\(path): invalid metadata: \(what)"
    }
  }
}
