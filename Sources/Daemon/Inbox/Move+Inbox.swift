package import Files
import Glibc
package import SystemPackage

extension Move {
  /// Puts a file back into the inbox under the name that it had there or, if that is taken, one beside it.
  ///
  /// Senders may have put a link, or a file, where one of its folders was. Nothing of ours leaves through a link: then
  /// the file goes into the inbox itself.
  package static func back(_ file: FilePath, to path: FilePath, in inbox: FilePath) throws(WriteFailure) {
    guard let source = Place(file) else {
      throw WriteFailure(path: file.text, action: "move out of its folder", code: errno)
    }
    guard let root = OpenFolder(inbox) else {
      throw WriteFailure(path: inbox.text, action: "open", code: errno)
    }
    try back(source, to: path, in: root)
  }

  /// The same where both folders are open.
  package static func back(_ source: Place, to path: FilePath, in inbox: OpenFolder) throws(WriteFailure) {
    let parent = path.removingLastComponent()
    let isPlain = path.isRelative && path.components.allSatisfy { $0.kind == .regular }
    let folder = (isPlain ? inbox.makingFolder(parent) : nil) ?? inbox
    var name = path.components.last { $0.kind == .regular } ?? "unnamed"
    while try Move.file(from: source, to: Place(folder, name)) == .destinationTaken {
      let names = DestinationPath { candidate in
        candidate.lastComponent.flatMap { folder.status($0) } == nil ? .nothing : .other
      }
      name = try names.free(FilePath(root: nil, [name])).lastComponent ?? name
    }
  }
}
