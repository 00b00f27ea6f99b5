package import Analysis
import Files
import FoundationEssentials
package import SystemPackage

/// The text file beside a rejected file: why it was rejected, for people, and what it was like then, so that a later
/// change of it is noticed.
package struct RejectionReason: Sendable, Equatable {
  /// Every line, `key: value`.
  package let text: String

  /// - Parameter tag: what the log and `mmdicom explain` call the file.
  package init(_ row: ReportRow, detail: String, file: InboxFile, tag: String = "") {
    let tagged = tag.isEmpty ? "" : "tag: \(tag)\n"
    text = """
      status: \(row.status.rawValue)
      reason: \(row.reasonCode)
      detail: \(detail.split(whereSeparator: \.isNewline).joined(separator: " "))
      file: \(file.path.text)
      sop_instance_uid: \(row.identity.sopInstanceUID)
      when: \(row.analysedAt)
      bytes: \(file.stamp.size)
      modified: \(file.stamp.modified)

      """ + tagged
  }

  /// Whether it was written for the file that lay there and has this tag.
  package func isOf(_ path: FilePath, tag: String) -> Bool {
    value("file") == path.text && value("tag") == tag
  }

  /// The same reason beside another file with the same bytes.
  package func repeated(for file: InboxFile) -> RejectionReason {
    let own = ["file": file.path.text, "bytes": "\(file.stamp.size)", "modified": "\(file.stamp.modified)"]
    let lines = text.split(separator: "\n").map { line in
      own.first { line.hasPrefix($0.key + ": ") }.map { "\($0.key): \($0.value)\n" } ?? line + "\n"
    }
    return RejectionReason(text: lines.joined())
  }

  /// What the log calls the file that it was written for; nil where it doesn't say.
  package var tag: String? { value("tag") }

  /// Takes a file's text as it is.
  package init(text: String) { self.text = text }

  /// Where the file lay in the inbox, and its size and modification time when it was rejected; nil where the text
  /// doesn't say, or names no place in an inbox.
  package var origin: (path: FilePath, size: Int, modified: Int)? {
    guard let file = value("file"), let size = value("bytes").flatMap({ Int($0) }),
      let modified = value("modified").flatMap({ Int($0) })
    else { return nil }
    let path = FilePath(text: file)
    // Whoever may write here may not thereby move files anywhere.
    guard path.isRelative, !path.components.isEmpty,
      path.components.allSatisfy({ $0.bytes.first != UInt8(ascii: ".") })
    else { return nil }
    return (path, size, modified)
  }

  /// The coded reason.
  package var reason: String? { value("reason") }

  private func value(_ key: String) -> String? {
    let line = text.split(separator: "\n").first { $0.hasPrefix(key + ": ") }
    return line.map { String($0.dropFirst(key.count + 2)) }
  }
}
