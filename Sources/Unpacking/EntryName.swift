package import SystemPackage

/// Where an entry of an archive goes, below the folder that it is unpacked into. Pure.
package enum EntryName {
  /// The path of a name; nil for one that names nothing but its folder.
  ///
  /// Archives of older programs for Windows part names by backslashes.
  /// - Throws: where it leads out of the folder, or nests deeper than may be.
  package static func path(_ name: String, limits: UnpackingLimits) throws(UnpackingFailure) -> FilePath? {
    let parts = name.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }
    guard parts.first?.isEmpty == false || parts.count == 1 else {
      throw UnpackingFailure(.unsafe, "holds a name that begins at the root")
    }
    if let first = parts.first, first.utf8.count == 2, first.hasSuffix(":") {
      throw UnpackingFailure(.unsafe, "holds a name that begins with a drive")
    }
    var path = FilePath()
    for part in parts where !part.isEmpty && part != "." {
      guard part != "..", let component = FilePath.Component(String(part)), component.kind == .regular else {
        throw UnpackingFailure(.unsafe, "holds a name that leads out of it")
      }
      guard part.utf8.count <= 255 else {
        throw UnpackingFailure(.unsafe, "holds a name of more than 255 bytes")
      }
      path.append(component)
    }
    guard path.components.count <= limits.folders + 1 else {
      throw UnpackingFailure(.tooDeep, "holds more than \(limits.folders) folders in one another")
    }
    return path.components.isEmpty ? nil : path
  }

  /// The folder that stands for an archive of this name.
  package static func folder(of archive: FilePath.Component) -> FilePath.Component {
    if archive.extension?.lowercased() == "zip", let stem = FilePath.Component(archive.stem) { return stem }
    return FilePath.Component(archive.string + ".unpacked") ?? "unpacked"
  }

  /// The `number`-th name for what should have this one: `a.dcm`, `a-2.dcm` ...
  static func numbered(_ path: FilePath, _ number: Int) -> FilePath {
    guard number > 1, let name = path.lastComponent else { return path }
    let ending = name.extension.map { ".\($0)" } ?? ""
    let stem = String(name.stem.prefix(200))
    return path.removingLastComponent().appending("\(stem)-\(number)\(ending)")
  }
}
