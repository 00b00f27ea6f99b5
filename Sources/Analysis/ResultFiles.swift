import DICOM
package import FoundationEssentials

/// Where the results of one image go.
package struct ResultFiles: Sendable {
  /// The DICOM Secondary Capture with the overlay.
  package let overlay: URL
  /// The same picture for people without a DICOM viewer.
  package let preview: URL
  /// The network's input and outputs.
  package let tensors: URL

  /// Files in `folder`, named by the SOP Instance UID of the source image.
  package init(in folder: URL, sopInstanceUID: String) {
    let name = Self.name(for: sopInstanceUID)
    overlay = folder.appending(path: name + ".overlay.dcm")
    preview = folder.appending(path: name + ".png")
    tensors = folder.appending(path: name + ".safetensors")
  }

  /// The name of a result for the `copy`-th of several files with the same SOP Instance UID: `UID-2.png`.
  package static func numbered(_ name: String, sopInstanceUID: String, copy: Int) -> String {
    let stem = Self.name(for: sopInstanceUID)
    guard copy > 1, name.hasPrefix(stem) else { return name }
    return "\(stem)-\(copy)\(name.dropFirst(stem.count))"
  }

  /// The name of the folder for a study's results. What isn't a UID (PS3.5 section 9) might be the name of
  /// something else in the outbox, so it is replaced by one derived from it.
  package static func studyFolder(for studyInstanceUID: String) -> String {
    if studyInstanceUID.isEmpty { return "unknown-study" }
    if let uid = UID(studyInstanceUID) { return uid.string }
    return "study-" + UID.derived(from: [studyInstanceUID]).string
  }

  /// A file name made of a UID, which is text from a stranger's file: nothing but letters, digits, dots,
  /// hyphens and underscores, no dot in front, at most 128 characters.
  package static func name(for uid: String) -> String {
    let safe = uid.unicodeScalars.prefix(128).map { scalar -> Character in
      let isSafe = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      return isSafe || "-_.".unicodeScalars.contains(scalar) ? Character(scalar) : "_"
    }
    let name = String(safe.drop { $0 == "." })
    return name.isEmpty ? "unnamed" : name
  }
}
