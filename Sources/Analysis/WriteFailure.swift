import Glibc

/// Why a file that we own couldn't be written.
public struct WriteFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file or folder.
  public let path: String
  /// What failed, in words.
  public let message: String

  /// A failure with its own words.
  public init(path: String, message: String) {
    self.path = path
    self.message = message
  }

  /// A failed system call, from `errno`.
  public init(path: String, action: String, code: Int32) {
    self.init(path: path, message: "can't \(action): \(Self.text(of: code))")
  }

  public var description: String { "\(path): \(message)" }

  private static func text(of code: Int32) -> String {
    unsafe String(cString: strerror(code))
  }
}
