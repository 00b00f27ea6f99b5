import Glibc

/// Why a file that we own couldn't be written.
public struct WriteFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file or folder.
  public let path: String
  /// What failed, in words.
  public let message: String
  /// The system's `errno`; nil where it wasn't the system that refused.
  public let code: Int32?

  /// A failure with its own words.
  public init(path: String, message: String) {
    (self.path, self.message, code) = (path, message, nil)
  }

  /// A failed system call, from `errno`.
  public init(path: String, action: String, code: Int32) {
    (self.path, self.code) = (path, code)
    message = "can't \(action): \(Self.text(of: code))"
  }

  public var description: String { "\(path): \(message)" }

  /// The system's own words, such as "No space left on device"; ``message`` where it wasn't the system.
  package var reason: String { code.map(Self.text) ?? message }

  private static func text(of code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
