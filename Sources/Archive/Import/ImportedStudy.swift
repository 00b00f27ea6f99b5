internal import DICOM
internal import Files
internal import FoundationEssentials

/// One picture as a radiograph of DICOM, of a patient and in a study of its own.
struct ImportedStudy {
  let sopInstanceUID, patientID: String
  private let picture: GreyPicture
  private let dataSet: DataSet

  /// No day is known, and each import gives the same bytes: 2000-01-01.
  private static let createdAt = Date(timeIntervalSince1970: 946_728_000)
  private static let equipment = Equipment(
    manufacturer: Equipment.ownManufacturer, modelName: "Import", serialNumber: "1", softwareVersions: ["1"],
    contribution: "Conversion of a picture")

  /// - Parameter path: Of the picture, which has these bytes, below its folder.
  init(_ path: String, _ row: ImportTable.Row?, _ bytes: [UInt8]) throws(PictureProblem) {
    let picture = try GreyPicture(bytes)
    let patient = Self.identifier(row?.patient ?? GreyPicture.stem(of: path))
    guard !patient.isEmpty else { throw PictureProblem("has a patient that is no identifier") }
    let digest = ContentDigest(of: bytes).description
    func uid(_ role: String) -> UID { UID.derived(from: ["import", path, digest, patient, role]) }
    var dataSet = DataSet()
    dataSet.set(.specificCharacterSet, "ISO_IR 192")
    dataSet.set(.sopClassUID, UID.computedRadiographyImageStorage)
    dataSet.set(.sopInstanceUID, uid("instance"))
    dataSet.set(.studyInstanceUID, uid("study"))
    dataSet.set(.seriesInstanceUID, uid("series"))
    Self.describe(patient, row, in: &dataSet)
    Self.describeSeries(row, in: &dataSet)
    Self.describe(picture, in: &dataSet)
    self.picture = picture
    self.dataSet = dataSet
    patientID = patient
    sopInstanceUID = uid("instance").string
  }

  /// Patient and study, of which nothing is known that the table doesn't say.
  private static func describe(_ patient: String, _ row: ImportTable.Row?, in dataSet: inout DataSet) {
    // What separates parts of a name doesn't here.
    dataSet.set(.patientName, String(patient.map { "^=".contains($0) ? " " : $0 }))
    dataSet.set(.patientID, patient)
    for tag in [
      Tag.patientBirthDate, .patientSex, .studyDate, .studyTime, .accessionNumber, .referringPhysicianName,
      .studyID,
    ] {
      dataSet.setEmpty(tag)
    }
    if let sex = row?.sex { dataSet.set(.patientSex, sex) }
    if let age = row?.age { dataSet.set(.patientAge, String("00\(age)".suffix(3)) + "Y") }
  }

  private static func describeSeries(_ row: ImportTable.Row?, in dataSet: inout DataSet) {
    dataSet.set(.modality, "CR")
    dataSet.set(.seriesNumber, 1)
    dataSet.set(.instanceNumber, 1)
    dataSet.set(.seriesDescription, "Imported picture, research use only")
    dataSet.set(.manufacturer, equipment.manufacturer)
    dataSet.set(.manufacturerModelName, equipment.modelName)
    dataSet.set(.deviceSerialNumber, equipment.serialNumber)
    dataSet.set(.softwareVersions, equipment.softwareVersions)
    dataSet.set(.bodyPartExamined, "CHEST")
    dataSet.setEmpty(.viewPosition)
    if let view = row?.view { dataSet.set(.viewPosition, view) }
    // Nobody says how it lies: whoever reads it judges by the picture.
    dataSet.setEmpty(.patientOrientation)
    dataSet.set(.imageType, ["DERIVED", "PRIMARY"])
    dataSet.set(.derivationDescription, "Made of a PNG or JPEG picture")
    dataSet.setEmpty(.acquisitionNumber)
    dataSet.set(.imageComments, "Research use only, not for diagnosis")
  }

  private static func describe(_ picture: GreyPicture, in dataSet: inout DataSet) {
    dataSet.set(.samplesPerPixel, 1)
    dataSet.set(.photometricInterpretation, "MONOCHROME2")
    dataSet.set(.rows, picture.height)
    dataSet.set(.columns, picture.width)
    dataSet.set(.bitsAllocated, picture.bits == 8 ? 8 : 16)
    dataSet.set(.bitsStored, picture.bits)
    dataSet.set(.highBit, picture.bits - 1)
    dataSet.set(.pixelRepresentation, 0)
    // What a PNG went through before it became one, nobody knows.
    picture.compression?.state(in: &dataSet)
  }

  /// Writes the radiograph, losing nothing more.
  func write(to url: URL) throws(PictureProblem) {
    let pixels: PixelData =
      picture.bits == 8
      ? .bytes(frames: [picture.values.map { UInt8(truncatingIfNeeded: $0) }])
      : .words(frames: [picture.values])
    do { try DICOMWriter.write(dataSet, pixels: pixels, as: .jpegLosslessSV1, to: url) } catch {
      throw PictureProblem("can't be written: \(error.detail)")
    }
  }

  /// Writes the picture of its lungs as a Segmentation, drawn by hand for all that is known.
  func write(mask bytes: [UInt8], to url: URL) throws(PictureProblem) {
    let mask = try GreyPicture(bytes)
    guard mask.width == picture.width, mask.height == picture.height else {
      throw PictureProblem(
        "has \(mask.width) x \(mask.height) pixels, and the picture \(picture.width) x \(picture.height)")
    }
    let inside = mask.mask
    guard inside.contains(1) else { throw PictureProblem("is empty") }
    do {
      let segmentation = try Segmentation(
        of: dataSet,
        segments: [
          Segmentation.Segment(label: "Lungs", type: .bothLungs, algorithm: .manual, mask: inside)
        ],
        equipment: Self.equipment,
        identity: ResultIdentity(
          objectKind: "imported lungs", modelSHA256: "",
          configurationDigest: ContentDigest(of: bytes).description),
        contentLabel: "LUNGS", seriesDescription: "Imported lung mask",
        derivationDescription: "Made of a picture of a mask", algorithmName: "None", seriesNumber: 2,
        createdAt: Self.createdAt, timeZone: .gmt)
      try segmentation.write(to: url)
    } catch { throw PictureProblem("can't be written: \(error)") }
  }

  /// As LO takes it (PS3.5 section 6.2). A longer one ends in its digest, so that no two become one.
  private static func identifier(_ text: String) -> String {
    let plain = text.unicodeScalars.map { scalar -> Character in
      scalar == "\\" || scalar.properties.generalCategory == .control ? "_" : Character(scalar)
    }
    let line = String(plain).split(separator: " ").joined(separator: " ")
    guard line.utf8.count > 64 else { return line }
    var short = ""
    for scalar in line.unicodeScalars where short.utf8.count < 44 { short.unicodeScalars.append(scalar) }
    return short + "-" + ContentDigest(of: text).description.prefix(16)
  }
}
