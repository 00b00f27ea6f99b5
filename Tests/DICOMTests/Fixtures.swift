import DICOM
import Foundation

/// A folder of its own for one test, removed with it.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "mmdicom-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func file(_ name: String) -> URL { url.appending(path: name) }
}

/// Numbers that look random and are the same on every run.
struct SeededNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

/// Synthetic images: a smooth gradient with noise on it, never a real pixel.
enum Synthetic {
  static func values(_ count: Int, bits: Int, seed: UInt64) -> [UInt16] {
    var numbers = SeededNumbers(seed: seed)
    let top = (1 << bits) - 1
    return (0..<count).map { index in
      let smooth = top * index / max(1, count - 1)
      let noise = Int(numbers.next() % 17) - 8
      return UInt16(min(top, max(0, smooth + noise)))
    }
  }

  /// A digital radiograph's data set without its pixels; everything in it is made up.
  static func radiograph(rows: Int, columns: Int, bits: Int, allocated: Int = 16, seed: String = "1")
    -> DataSet
  {
    var dataSet = DataSet()
    dataSet.set(.sopClassUID, UID.digitalXRayImageStorageForPresentation)
    dataSet.set(.sopInstanceUID, UID.derived(from: ["test instance", seed]))
    dataSet.set(.studyInstanceUID, UID.derived(from: ["test study"]))
    dataSet.set(.seriesInstanceUID, UID.derived(from: ["test series"]))
    dataSet.set(.patientName, "Phantom^Paula")
    dataSet.set(.patientID, "P-1")
    dataSet.set(.patientBirthDate, "19700101")
    dataSet.set(.patientSex, "F")
    dataSet.set(.studyDate, "20240102")
    dataSet.set(.studyTime, "101112")
    dataSet.set(.studyID, "S1")
    dataSet.set(.accessionNumber, "A1")
    dataSet.setEmpty(.referringPhysicianName)
    dataSet.set(.modality, "DX")
    dataSet.set(.bodyPartExamined, "CHEST")
    dataSet.set(.patientOrientation, ["L", "F"])
    dataSet.set(.kvp, 120.0)
    dataSet.set(.samplesPerPixel, 1)
    dataSet.set(.photometricInterpretation, "MONOCHROME2")
    dataSet.set(.rows, rows)
    dataSet.set(.columns, columns)
    dataSet.set(.bitsAllocated, allocated)
    dataSet.set(.bitsStored, bits)
    dataSet.set(.highBit, bits - 1)
    dataSet.set(.pixelRepresentation, 0)
    return dataSet
  }
}

/// A DICOM file put together byte by byte, for what the writer wouldn't write.
struct RawFile {
  var bytes: [UInt8] = []
  var isBigEndian = false
  var isImplicit = false

  /// Preamble and file meta information.
  init(transferSyntax: String?) {
    guard let transferSyntax else { return }
    bytes = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
    element(0x0002, 0x0010, "UI", text: transferSyntax)
  }

  mutating func word(_ value: Int) {
    let pair = [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
    bytes += isBigEndian ? pair.reversed() : pair
  }

  mutating func long(_ value: Int) {
    word(isBigEndian ? value >> 16 : value)
    word(isBigEndian ? value : value >> 16)
  }

  mutating func element(_ group: Int, _ element: Int, _ vr: String, _ value: [UInt8], length: Int? = nil) {
    word(group)
    word(element)
    let length = length ?? value.count
    if isImplicit || vr.isEmpty {
      long(length)
    } else {
      bytes += Array(vr.utf8)
      if ["OB", "OW", "OF", "SQ", "UN", "UT", "UC"].contains(vr) {
        word(0)
        long(length)
      } else {
        word(length)
      }
    }
    bytes += value
  }

  mutating func element(_ group: Int, _ element: Int, _ vr: String, text: String) {
    var value = Array(text.utf8)
    if value.count % 2 == 1 { value.append(vr == "UI" ? 0 : 0x20) }
    self.element(group, element, vr, value)
  }

  mutating func element(_ group: Int, _ element: Int, word value: Int) {
    let pair = [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
    self.element(group, element, "US", isBigEndian ? pair.reversed() : pair)
  }

  /// SOP class and instance and the image pixel module.
  mutating func image(
    rows: Int, columns: Int, allocated: Int, stored: Int, high: Int? = nil, isSigned: Bool = false,
    samples: Int = 1, planar: Int? = nil, photometric: String = "MONOCHROME2", frames: Int? = nil
  ) {
    element(0x0008, 0x0016, "UI", text: UID.computedRadiographyImageStorage.string)
    element(0x0008, 0x0018, "UI", text: "1.2.3.4")
    element(0x0028, 0x0002, word: samples)
    element(0x0028, 0x0004, "CS", text: photometric)
    if let planar { element(0x0028, 0x0006, word: planar) }
    if let frames { element(0x0028, 0x0008, "IS", text: String(frames)) }
    element(0x0028, 0x0010, word: rows)
    element(0x0028, 0x0011, word: columns)
    element(0x0028, 0x0100, word: allocated)
    element(0x0028, 0x0101, word: stored)
    element(0x0028, 0x0102, word: high ?? stored - 1)
    element(0x0028, 0x0103, word: isSigned ? 1 : 0)
  }

  /// Encapsulated pixel data: empty offset table, fragments, delimiter.
  mutating func fragments(_ fragments: [[UInt8]], isDelimited: Bool = true) {
    element(0x7FE0, 0x0010, "OB", [], length: 0xFFFF_FFFF)
    element(0xFFFE, 0xE000, "", [])
    for fragment in fragments { element(0xFFFE, 0xE000, "", fragment) }
    if isDelimited { element(0xFFFE, 0xE0DD, "", []) }
  }

  func write(to url: URL) throws { try Data(bytes).write(to: url) }
}
