/// Why no overlay could be drawn.
public enum OverlayError: Error, Equatable, CustomStringConvertible {
  /// A map doesn't have the radiograph's number of pixels.
  case mapSize(name: String, expected: Int, found: Int)
  /// Beyond what Cairo can hold.
  case tooLarge(width: Int, height: Int)
  /// Cairo's own message.
  case drawing(String)

  /// One line: what is wrong.
  public var description: String {
    switch self {
    case .mapSize(let name, let expected, let found):
      "overlay: \(name) has \(found) values where the radiograph has \(expected) pixels"
    case .tooLarge(let width, let height): "a picture of \(width) x \(height) can't be drawn"
    case .drawing(let message): "drawing failed: \(message)"
    }
  }
}
