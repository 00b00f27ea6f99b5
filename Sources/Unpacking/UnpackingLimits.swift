/// What an archive may hold. One that holds more isn't opened: a few kilobytes can stand for more than any disk takes.
package struct UnpackingLimits: Sendable, Hashable, Codable {
  /// Bytes of all files.
  package var bytes = 8 << 30
  /// Files and folders, also of archives within it.
  package var entries = 20_000
  /// Folders in one another.
  package var folders = 16
  /// Archives in one another; 1: none within it.
  package var nesting = 3
  /// How many times larger than the archive its files may be, beyond ``plain`` bytes. A radiograph is compressed to a half,
  /// an empty picture to a thousandth.
  package var ratio = 200
  package var plain = 64 << 20
  /// Bytes that stay free where the files are written.
  package var reserve = 256 << 20
  /// Percent of that disk that may be in use when all is written.
  package var fullest = 100.0
  /// Seconds until all is written and looked at: less than a worker has for a file, so that it lives to say so.
  package var seconds = 90.0

  package init() {}
}

/// Why an archive isn't opened.
package struct UnpackingFailure: Error, Sendable, Equatable {
  /// Coded, as it stands in the report.
  package enum Reason: String, Sendable, CaseIterable {
    case encrypted = "archive_encrypted"
    /// A name that leads out of it, or a link.
    case unsafe = "archive_unsafe"
    /// Too many files, or too many bytes.
    case tooLarge = "archive_too_large"
    /// More than there is room for now.
    case noRoom = "archive_no_room"
    /// More than can be opened in the time that there is.
    case tooSlow = "archive_too_slow"
    /// Too many folders, or archives, in one another.
    case tooDeep = "archive_too_deep"
    case damaged = "archive_damaged"
    /// No file in it.
    case empty = "archive_empty"
  }

  package let reason: Reason
  /// One line for people; names no file.
  package let detail: String

  package init(_ reason: Reason, _ detail: String) {
    self.reason = reason
    self.detail = detail
  }
}
