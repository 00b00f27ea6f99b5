internal import Archive
import DICOM
import FoundationEssentials

/// One phantom as DICOM: a radiograph of a patient who can't be mistaken for a real one, and its lung
/// segmentation.
struct PhantomStudy {
  let dataSet: DataSet
  let pixels: PixelData
  let encoding: PhantomEncoding
  let rightLung, leftLung: [UInt8]

  /// Not this program's result objects: a phantom is to be analysed.
  static let equipment = Equipment(
    manufacturer: Equipment.ownManufacturer, modelName: "Phantom", serialNumber: "1", softwareVersions: ["1"])
  /// Every phantom was "taken" on that day.
  static let date = "20240115"
  /// 2024-01-15 12:00 UTC, when every segmentation was "made".
  static let createdAt = Date(timeIntervalSince1970: 1_705_320_000)

  /// - Parameter number: from 1; part of all names and UIDs, with the seed.
  init(_ phantom: Phantom, number: Int, encoding: PhantomEncoding) {
    self.encoding = encoding
    let rows = Int((Double(phantom.rows) / encoding.pixelAspect).rounded())
    let squeeze = RowSqueeze(from: phantom.rows, to: rows, columns: phantom.columns)
    rightLung = squeeze.nearest(phantom.rightLung)
    leftLung = squeeze.nearest(phantom.leftLung)
    var stored = encoding.stored(squeeze.linear(phantom.values))
    if encoding.hasPadding {
      let border = phantom.border
      for row in 0..<rows {
        for column in 0..<phantom.columns
        where min(row, column, rows - 1 - row, phantom.columns - 1 - column) < border {
          stored[row * phantom.columns + column] = encoding.paddingValue
        }
      }
    }
    pixels =
      encoding.bits > 8 ? .words(frames: [stored]) : .bytes(frames: [stored.map { UInt8($0) }])
    var dataSet = DataSet()
    Self.identify(&dataSet, phantom, number: number, isDX: encoding.isDX)
    Self.describeSeries(&dataSet, phantom, isDX: encoding.isDX)
    encoding.describe(in: &dataSet, rows: rows, columns: phantom.columns)
    let spacing = phantom.pixelSpacing
    let height = spacing * Double(phantom.rows) / Double(rows)
    dataSet.set(.imagerPixelSpacing, [Self.rounded(height), Self.rounded(spacing)])
    // What is lossy, and how, the encoder says.
    if !encoding.transferSyntax.isLossy { dataSet.set(.lossyImageCompression, "00") }
    self.dataSet = dataSet
  }

  private static func rounded(_ millimeters: Double) -> Double { (millimeters * 10000).rounded() / 10000 }

  /// "001" for the first.
  static func name(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  /// Patient, study and SOP common modules.
  private static func identify(_ dataSet: inout DataSet, _ phantom: Phantom, number: Int, isDX: Bool) {
    func uid(_ role: String) -> UID {
      UID.derived(from: [
        "phantom", String(phantom.seed), "\(phantom.rows)x\(phantom.columns)", phantom.finding.rawValue,
        String(number), role,
      ])
    }
    let name = name(number)
    dataSet.set(.specificCharacterSet, "ISO_IR 192")
    dataSet.set(
      .sopClassUID,
      isDX ? UID.digitalXRayImageStorageForPresentation : UID.computedRadiographyImageStorage)
    dataSet.set(.sopInstanceUID, uid("instance"))
    dataSet.set(.studyInstanceUID, uid("study"))
    dataSet.set(.seriesInstanceUID, uid("series"))
    dataSet.set(.patientName, "PHANTOM^\(name)")
    dataSet.set(.patientID, "PHANTOM-\(name)")
    dataSet.set(.patientBirthDate, phantom.isChild ? "20200101" : "19700101")
    dataSet.set(.patientSex, "O")
    dataSet.set(.patientComments, "Synthetic phantom, not a person")
    dataSet.set(.studyDate, date)
    dataSet.set(.studyTime, "120000")
    dataSet.set(.accessionNumber, "PHANTOM\(name)")
    dataSet.setEmpty(.referringPhysicianName)
    dataSet.set(.studyID, "1")
    dataSet.set(.studyDescription, "SYNTHETIC CHEST PHANTOM")
  }

  /// Series, equipment, anatomy and general image modules; for DX also its image, positioning and
  /// acquisition context (PS3.3 A.2, A.26).
  private static func describeSeries(_ dataSet: inout DataSet, _ phantom: Phantom, isDX: Bool) {
    dataSet.set(.modality, isDX ? "DX" : "CR")
    dataSet.set(.seriesNumber, 1)
    dataSet.set(.instanceNumber, 1)
    dataSet.set(.seriesDescription, "Synthetic chest PA")
    dataSet.set(.manufacturer, equipment.manufacturer)
    dataSet.set(.manufacturerModelName, equipment.modelName)
    dataSet.set(.deviceSerialNumber, equipment.serialNumber)
    dataSet.set(.softwareVersions, equipment.softwareVersions)
    dataSet.set(.bodyPartExamined, "CHEST")
    dataSet.set(.viewPosition, "PA")
    dataSet.set(.patientOrientation, ["L", "F"])
    dataSet.set(.imageType, ["ORIGINAL", "PRIMARY"])
    dataSet.set(.contentDate, date)
    dataSet.set(.contentTime, "120000")
    dataSet.set(.acquisitionDate, date)
    dataSet.set(.acquisitionTime, "120000")
    dataSet.setEmpty(.acquisitionNumber)
    dataSet.set(.burnedInAnnotation, "NO")
    dataSet.set(.imageComments, "Synthetic phantom, research use only, not for diagnosis")
    guard isDX else { return }
    dataSet.set(.presentationIntentType, "FOR PRESENTATION")
    dataSet.set(.imageLaterality, "U")
    dataSet.set(.anatomicRegionSequence, items: [CodedConcept.chest.item])
    dataSet.set(.pixelIntensityRelationship, "LOG")
    dataSet.set(.pixelIntensityRelationshipSign, -1)
    dataSet.setEmpty(.detectorType)
    dataSet.setEmpty(.positionerType)
    dataSet.set(.viewCodeSequence, items: [posteroAnterior])
    dataSet.set(.acquisitionContextSequence, items: [])
    dataSet.set(.kvp, 120)
  }

  /// An item of the View Code Sequence (PS3.16 CID 4010).
  private static var posteroAnterior: DataSet {
    var item = CodedConcept("272479007", "SCT", "postero-anterior").item
    // View Modifier Code Sequence, type 2.
    item.set(Tag(0x0054, 0x0222), items: [])
    return item
  }

  /// Writes the radiograph.
  func writeImage(to url: URL) throws(PhantomError) {
    do {
      try DICOMWriter.write(dataSet, pixels: pixels, as: encoding.transferSyntax, to: url)
    } catch { throw .image(error) }
  }

  /// Writes both lungs as segments of one Segmentation object.
  func writeMask(to url: URL) throws(PhantomError) {
    do {
      let segmentation = try Segmentation(
        of: dataSet,
        segments: [
          Segmentation.Segment(label: "Left lung", type: .leftLung, mask: leftLung),
          Segmentation.Segment(label: "Right lung", type: .rightLung, mask: rightLung),
        ],
        equipment: Self.equipment,
        identity: ResultIdentity(objectKind: "phantom lungs", modelSHA256: "", configurationDigest: ""),
        contentLabel: "LUNGS", seriesDescription: "Phantom lungs",
        derivationDescription: "Outlines that the phantom was drawn from", algorithmName: "Phantom",
        seriesNumber: 2, sourceIsLossy: encoding.transferSyntax.isLossy, createdAt: Self.createdAt,
        timeZone: TimeZone(secondsFromGMT: 0) ?? .current)
      do {
        try segmentation.write(to: url)
      } catch { throw PhantomError.image(error) }
    } catch let error as PhantomError {
      throw error
    } catch { throw .invalid(path: url.path, reason: "\(error)") }
  }
}

/// Brings a picture to fewer rows, for pixels that are higher than wide.
private struct RowSqueeze {
  let from, to, columns: Int

  init(from: Int, to: Int, columns: Int) {
    self.from = from
    self.to = to
    self.columns = columns
  }

  func nearest(_ mask: [UInt8]) -> [UInt8] {
    guard from != to else { return mask }
    return (0..<to).flatMap { row in
      let source = min(from - 1, Int((Double(row) + 0.5) * Double(from) / Double(to)))
      return mask[(source * columns)..<((source + 1) * columns)]
    }
  }

  func linear(_ values: [Float]) -> [Float] {
    guard from != to else { return values }
    return (0..<to).flatMap { row in
      let place = min(max((Double(row) + 0.5) * Double(from) / Double(to) - 0.5, 0), Double(from - 1))
      let upper = Int(place)
      let lower = min(upper + 1, from - 1)
      let weight = Float(place - Double(upper))
      return (0..<columns).map {
        values[upper * columns + $0] * (1 - weight) + values[lower * columns + $0] * weight
      }
    }
  }
}
