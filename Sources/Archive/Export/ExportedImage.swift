internal import CPNG
internal import DICOM
internal import Files
internal import FoundationEssentials
internal import Glibc

/// One image of an archive, with its masks, as it leaves.
struct ExportedImage {
  let sopInstanceUID, patientID: String
  /// Whether it says nothing about what is burned into its pixels.
  let isUnstated: Bool
  private(set) var masks: [Segmentation] = []
  private(set) var problems: [ArchiveProblem] = []
  private let rules: Confidentiality
  private let dataSet: DataSet
  private let frame: Frame

  /// No day is told: 2000-01-01.
  private static let createdAt = Date(timeIntervalSince1970: 946_728_000)
  private static let equipment = Equipment(
    manufacturer: Equipment.ownManufacturer, modelName: "Export", serialNumber: "1", softwareVersions: ["1"],
    contribution: "Removal of names")

  init(_ image: ArchiveImage, root: URL, _ rules: Confidentiality) throws(PictureProblem) {
    let (file, frame) = try Self.decoded(image.path, root)
    switch file.dataSet.code(.burnedInAnnotation) {
    case "YES": throw PictureProblem("says that something identifying is burned into it")
    case "NO": isUnstated = false
    default: isUnstated = true
    }
    guard frame.bitsAllocated == 8 || frame.bitsAllocated == 16, frame.samplesPerPixel == 1 else {
      throw PictureProblem("has \(frame.bitsAllocated) bits and \(frame.samplesPerPixel) samples for a pixel")
    }
    var dataSet = rules.applied(to: file.dataSet)
    Self.describe(frame, in: &dataSet)
    file.lossyCompression?.state(in: &dataSet)
    self.rules = rules
    self.dataSet = dataSet
    self.frame = frame
    sopInstanceUID = dataSet.string(.sopInstanceUID) ?? ""
    patientID = dataSet.string(.patientID) ?? ""
    for path in image.masks {
      do throws(PictureProblem) { masks.append(try mask(path, root)) } catch {
        problems.append(ArchiveProblem(.undecodableMask, path: path, message: "\(error.text); left out"))
      }
    }
  }

  private static func decoded(_ path: String, _ root: URL) throws(PictureProblem) -> (DICOMFile, Frame) {
    do {
      return try withArchiveFile(path, root: root) { url in
        let file = try DICOMFile(reading: url)
        return (file, try file.frame(0))
      }
    } catch let error as DICOMReadError {
      throw PictureProblem("can't be read: \(error.detail)")
    } catch let error as DICOMPixelError {
      throw PictureProblem("can't be decoded: \(error.detail)")
    } catch { throw PictureProblem("\(error)") }
  }

  /// The picture as it was decoded: decoded frames hold the stored bits alone, from bit 0 on.
  private static func describe(_ frame: Frame, in dataSet: inout DataSet) {
    dataSet.set(.samplesPerPixel, 1)
    dataSet.set(.photometricInterpretation, frame.photometricInterpretation)
    dataSet.set(.rows, frame.rows)
    dataSet.set(.columns, frame.columns)
    dataSet.set(.bitsAllocated, frame.bitsAllocated)
    dataSet.set(.bitsStored, frame.bitsStored)
    dataSet.set(.highBit, frame.bitsStored - 1)
    dataSet.set(.pixelRepresentation, frame.isSigned ? 1 : 0)
  }

  /// A mask made anew: of the old one's header nothing is taken but which lung is which and who drew it.
  private func mask(_ path: String, _ root: URL) throws(PictureProblem) -> Segmentation {
    do {
      let old = try withArchiveFile(path, root: root) { try Segmentation(reading: DICOMFile(reading: $0)) }
      let lungs = old.segments.filter(LungSegments.isLung).map { segment in
        let type = LungSegments.type(of: segment)
        return Segmentation.Segment(
          label: type.meaning, type: type, algorithm: segment.algorithm, mask: segment.mask)
      }
      var digest = ContentDigest.Running()
      for lung in lungs {
        digest.add(lung.label)
        digest.add(lung.mask)
      }
      return try Segmentation(
        of: dataSet, segments: lungs, equipment: Self.equipment,
        identity: ResultIdentity(
          objectKind: "exported lungs", modelSHA256: "", configurationDigest: digest.finished().description),
        contentLabel: "LUNGS", seriesDescription: "Lung mask", derivationDescription: "Copied without names",
        algorithmName: "Copied mask", seriesNumber: 2, createdAt: Self.createdAt, timeZone: .gmt)
    } catch { throw PictureProblem("can't be copied: \(error)") }
  }

  // MARK: DICOM

  /// - Returns: what the object is called in `labels.csv`.
  func writeObjects(to archive: NewArchive, in folder: String) throws(PictureProblem) -> [String] {
    let pixels: PixelData =
      frame.bitsAllocated == 8
      ? .bytes(frames: [frame.pixels.map { UInt8(truncatingIfNeeded: $0) }])
      : .words(frames: [frame.pixels.map { UInt16(truncatingIfNeeded: $0) }])
    let url = try archive.url("\(folder)/\(sopInstanceUID).dcm")
    do { try DICOMWriter.write(dataSet, pixels: pixels, as: .jpegLosslessSV1, to: url) } catch {
      throw PictureProblem("can't be written: \(error.detail)")
    }
    for mask in masks {
      var dataSet = mask.dataSet
      rules.state(in: &dataSet)
      if let problem = ConformanceGate.problem(in: dataSet, pixels: mask.pixels) {
        throw PictureProblem("has a mask that can't be written: \(problem)")
      }
      let url = try archive.url("\(folder)/\(mask.sopInstanceUID).seg.dcm")
      do { try DICOMWriter.write(dataSet, pixels: mask.pixels, as: .explicitVRLittleEndian, to: url) } catch {
        throw PictureProblem("has a mask that can't be written: \(error.detail)")
      }
    }
    return [sopInstanceUID]
  }

  // MARK: PNG

  /// The stored values, bright for white; 8 bits where they fit. A window or a table isn't applied.
  /// - Returns: the picture and its mask, if any, as `labels.csv` names them.
  func writePictures(to archive: NewArchive, in folder: String) throws(PictureProblem) -> [String] {
    let lowest: Int32 = frame.isSigned ? -(1 << Int32(frame.bitsStored - 1)) : 0
    let highest: Int32 = (1 << Int32(frame.bitsStored)) - 1
    let isInverted = frame.photometricInterpretation == "MONOCHROME1"
    let values = frame.pixels.map { value -> UInt16 in
      let level = min(max(value - lowest, 0), highest)
      return UInt16(isInverted ? highest - level : level)
    }
    let path = "\(folder)/\(sopInstanceUID).png"
    try write(values, bits: frame.bitsStored > 8 ? 16 : 8, to: archive.url(path))
    guard !masks.isEmpty else { return [path, ""] }
    var inside = [UInt16](repeating: 0, count: values.count)
    for segment in masks.flatMap(\.segments) {
      for (index, value) in segment.mask.enumerated() where value != 0 { inside[index] = 255 }
    }
    let maskPath = "\(folder)/\(sopInstanceUID)_mask.png"
    try write(inside, bits: 8, to: archive.url(maskPath))
    return [path, maskPath]
  }

  private func write(_ values: [UInt16], bits: Int32, to url: URL) throws(PictureProblem) {
    var file = unsafe cpng_file()
    let (width, height) = (png_uint_32(frame.columns), png_uint_32(frame.rows))
    let isDone =
      bits == 16
      ? unsafe cpng_encode(values, width, height, 0, bits, &file)
      : unsafe cpng_encode(values.map { UInt8(truncatingIfNeeded: $0) }, width, height, 0, bits, &file)
    defer { unsafe free(file.bytes) }
    guard isDone != 0 else { throw PictureProblem("can't be written as a PNG") }
    let bytes = unsafe Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
    do { try DurableFile.write(bytes, to: url) } catch {
      throw PictureProblem("can't be written: \(error.reason)")
    }
  }
}
