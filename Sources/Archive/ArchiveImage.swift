/// One radiograph of an archive, as its header describes it.
public struct ArchiveImage: Hashable, Sendable, Codable {
  /// Path relative to the archive root, as text: bytes that aren't UTF-8 as `\xE9`.
  public let path: String
  /// The name of the archive among those of an ``ArchiveSet``; nil for one that is read by itself.
  public internal(set) var archive: String?
  /// The first folder under the archive root, "" for a file in the root itself; in a set of archives that have folders
  /// of the same name, with its archive's name before it.
  public internal(set) var source: String
  public let sopInstanceUID: String
  public let studyInstanceUID: String
  public let seriesInstanceUID: String
  /// Patient ID (0010,0020), "" where the header has none.
  public let patientID: String
  public let rows: Int
  public let columns: Int
  /// Bytes of the file.
  public let fileSize: Int
  /// What else the header says of patient and technique.
  public let traits: ImageTraits?
  /// The class the labels file gives; nil is unlabelled.
  public internal(set) var finding: Finding?
  /// What the image may be used for; nil until given by the labels file or
  /// ``ArchiveIndex/assigningSplits(validation:test:seed:)``.
  public internal(set) var split: Split?
  /// Relative paths of the SEG files with lung segments that reference this image, sorted.
  public internal(set) var masks: [String]

  /// What else the patient is called, where another archive has the same instance or picture under another name.
  var kin: String?

  /// What is kept together when splitting and resampling: the patient, or the study where the header names no patient.
  package var patientKey: String { kin ?? ownPatientKey }

  /// The same image, as if nobody had said what is found in it.
  package var unlabelled: ArchiveImage {
    var image = self
    image.finding = nil
    return image
  }

  /// As the header has it.
  var ownPatientKey: String { patientID.isEmpty ? "study " + studyInstanceUID : "patient " + patientID }

  /// The first folder under its own archive's root.
  var folder: String { path.firstIndex(of: "/").map { String(path[..<$0]) } ?? "" }
}
