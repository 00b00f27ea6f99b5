/// A complete file in the inbox.
package struct InboxFile: Sendable, Hashable, Codable {
  /// Relative to the inbox, with `/` between folders.
  package let path: String
  /// What it was like when it was found complete.
  package let stamp: FileStamp

  package init(path: String, stamp: FileStamp) {
    self.path = path
    self.stamp = stamp
  }
}
