import DICOM
package import FoundationEssentials

/// Where the results of one image go.
package struct ResultFiles: Sendable {
  private let folder: URL
  private let name: String

  /// Files in `folder`, named by the SOP Instance UID of the source image.
  package init(in folder: URL, sopInstanceUID: String) {
    self.folder = folder
    name = Self.name(for: sopInstanceUID)
  }

  /// A DICOM object; `overlay.dcm` is an ending.
  func object(_ ending: String) -> URL { folder.appending(path: "\(name).\(ending)") }
  /// The overlay for people without a DICOM viewer.
  var preview: URL { folder.appending(path: name + ".png") }
  /// The finding as a FHIR resource, and as an HL7 message.
  var fhir: URL { folder.appending(path: name + ".fhir.json") }
  var hl7: URL { folder.appending(path: name + ".hl7") }
  /// The network's input and outputs.
  var tensors: URL { folder.appending(path: name + ".safetensors") }

  /// What kind of result a file is, by its name: `overlay`, `saliency`, `segmentation`, `report`, `presentation`,
  /// `preview`, `tensors`, `fhir`, `hl7` or `other`.
  package static func kind(of path: String) -> String {
    let parts = path.split(separator: ".").suffix(2).map(String.init)
    switch parts.last {
    case "png": return "preview"
    case "safetensors": return "tensors"
    case "json" where parts[0] == "fhir": return "fhir"
    case "hl7": return "hl7"
    case "dcm" where isObject(parts[0]): return parts[0]
    default: return "other"
    }
  }

  /// Whether results of a kind are DICOM objects, with UIDs of their own.
  package static func isObject(_ kind: String) -> Bool {
    kind == "saliency" || ResultOptions.Kind(rawValue: kind)?.isObject == true
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
