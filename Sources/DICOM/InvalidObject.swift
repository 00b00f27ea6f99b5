/// A result object that would break its information object definition (PS3.3) and is therefore not made.
public struct InvalidObject: Error, Sendable, Equatable, CustomStringConvertible {
  /// The attribute at fault; nil where it isn't one.
  public let tag: Tag?
  public let detail: String

  init(_ tag: Tag?, _ detail: String) {
    self.tag = tag
    self.detail = detail
  }

  /// Short coded reason for reports.
  public var code: String { "invalid_object" }

  public var description: String { tag.map { "\($0): \(detail)" } ?? detail }
}
