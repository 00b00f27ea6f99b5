package import Files
package import SystemPackage

/// A complete file in the inbox.
package struct InboxFile: Sendable, Hashable {
  /// Relative to the inbox.
  package let path: FilePath
  /// What it was like when it was found complete.
  package let stamp: FileStamp

  package init(path: FilePath, stamp: FileStamp) {
    self.path = path
    self.stamp = stamp
  }
}
