public import FoundationEssentials

/// A picture made from a radiograph, as Secondary Capture Image (PS3.3 section A.8.1) or, where there are several, as
/// Multi-frame True Color Secondary Capture Image (section A.8.5), in the source's study and a series of its own.
public struct SecondaryCapture: ResultObject {
  /// Everything but the pixels.
  public let dataSet: DataSet
  public let sopInstanceUID: UID
  public let seriesInstanceUID: UID
  /// Which identifying values of the source had to be changed, and how.
  public let headerNotes: [HeaderNote]
  private let pictures: [RGBPicture]

  /// Makes the object, or says why it would be invalid.
  ///
  /// - Parameters:
  ///   - source: The radiograph that the pictures were made from; patient and study are copied, in a valid
  ///     shape (`headerNotes`).
  ///   - pictures: One or more of one size, on which nothing that identifies a person has been drawn.
  ///   - seriesDescription: 1 to 64 characters.
  ///   - derivationDescription: 1 to 1024 characters.
  ///   - imageComments: "research use only, not for diagnosis" is added unless it or the series description says so.
  ///   - sourceIsLossy: The source's transfer syntax is lossy even where its attributes don't say so.
  ///   - sourceCompression: The same with ratio and method (`DICOMFile.lossyCompression`).
  ///   - patientOrientation: Of the pictures, where they have been turned against the source; empty: not known.
  ///   - instanceNumber: In the series, which the pictures of all images of the study share.
  ///   - timeZone: For the times written; a source that states its offset from UTC has its own way.
  public init(
    of source: DataSet, pictures: [RGBPicture], equipment: Equipment, identity: ResultIdentity,
    seriesDescription: String, derivationDescription: String, imageComments: String? = nil,
    seriesNumber: Int = 9001, instanceNumber: Int = 1, patientOrientation: [String]? = nil,
    sourceIsLossy: Bool = false,
    sourceCompression: LossyCompression? = nil,
    createdAt: Date, timeZone: TimeZone = .current
  ) throws(InvalidObject) {
    guard let first = pictures.first else { throw InvalidObject(.pixelData, "no picture") }
    guard pictures.allSatisfy({ $0.width == first.width && $0.height == first.height }) else {
      throw InvalidObject(.rows, "pictures of different sizes")
    }
    guard first.width <= 65535, first.height <= 65535 else {
      throw InvalidObject(.rows, "more than 65535 rows or columns")
    }
    let header = try ResultHeader(
      of: source, equipment: equipment, identity: identity, createdAt: createdAt, timeZone: timeZone)
    var result = try header.dataSet(
      ResultHeader.Kind(
        sopClass: pictures.count == 1
          ? .secondaryCaptureImageStorage : .multiframeTrueColorSecondaryCaptureImageStorage,
        modality: "OT", seriesNumber: seriesNumber, seriesDescription: seriesDescription,
        instanceNumber: instanceNumber, hasLaterality: true))
    try header.setImage(derivationDescription: derivationDescription, in: &result)

    result.set(.conversionType, "WSD")
    result.set(.secondaryCaptureDeviceManufacturer, equipment.manufacturer)
    result.set(.secondaryCaptureDeviceManufacturerModelName, equipment.modelName)
    result.set(.secondaryCaptureDeviceSoftwareVersions, equipment.softwareVersions)
    result.set(.dateOfSecondaryCapture, header.date)
    result.set(.timeOfSecondaryCapture, header.time)
    result.set(.imageType, ["DERIVED", "SECONDARY"])
    if let patientOrientation { result.set(.patientOrientation, patientOrientation) }
    result.set(.imageComments, try Self.comments(imageComments, seriesDescription))
    Self.setBurnedInAnnotation(of: source, isRequired: pictures.count > 1, in: &result)

    let compression = sourceCompression ?? LossyCompression(of: source)
    if let compression {
      compression.state(in: &result)
    } else {
      result.set(.lossyImageCompression, sourceIsLossy ? "01" : "00")
    }
    Self.setPixelModule(first, frames: pictures.count, in: &result)

    dataSet = result
    sopInstanceUID = header.sopInstanceUID
    seriesInstanceUID = try header.seriesInstanceUID(of: result)
    headerNotes = header.source.notes
    self.pictures = pictures
  }

  public var pixels: PixelData? { .bytes(frames: pictures.map(\.pixels)) }

  private static func comments(_ comments: String?, _ seriesDescription: String) throws(InvalidObject)
    -> String
  {
    let notice = ResultHeader.researchUseOnly
    let text = comments ?? ""
    let isSaid = text.lowercased().contains(notice) || seriesDescription.lowercased().contains(notice)
    let said = isSaid ? text : text.isEmpty ? "For \(notice)" : "\(text); for \(notice)"
    guard said.unicodeScalars.count <= 10240 else { throw InvalidObject(.imageComments, "too long") }
    return said.isEmpty ? "For \(notice)" : said
  }

  /// The source's pixels are in the picture, and so is what was burned into them. Where the source doesn't say, only
  /// the kind of object that requires an answer gets one, the cautious one.
  private static func setBurnedInAnnotation(of source: DataSet, isRequired: Bool, in result: inout DataSet) {
    switch source.code(.burnedInAnnotation) {
    case "NO": result.set(.burnedInAnnotation, "NO")
    case "YES": result.set(.burnedInAnnotation, "YES")
    default: if isRequired { result.set(.burnedInAnnotation, "YES") }
    }
  }

  private static func setPixelModule(_ picture: RGBPicture, frames: Int, in result: inout DataSet) {
    result.set(.samplesPerPixel, 3)
    result.set(.photometricInterpretation, "RGB")
    result.set(.planarConfiguration, 0)
    result.set(.rows, picture.height)
    result.set(.columns, picture.width)
    result.set(.bitsAllocated, 8)
    result.set(.bitsStored, 8)
    result.set(.highBit, 7)
    result.set(.pixelRepresentation, 0)
    guard frames > 1 else { return }
    // Pages are counted by the Page Number Vector (PS3.3 section C.8.6.4), there being no time between them.
    result.set(.numberOfFrames, frames)
    result[.frameIncrementPointer] = DataElement(
      .frameIncrementPointer, .AT, .integers([Int(Tag.pageNumberVector.number)]))
    result.set(.pageNumberVector, Array(1...frames))
  }
}
