internal import FoundationEssentials

/// What every result object says beside its own content: whose it is, what made it, from what, and that it is for
/// research only.
struct ResultHeader {
  static let researchUseOnly = "research use only, not for diagnosis"

  let source: SourceAttributes
  let equipment: Equipment
  let sopInstanceUID: UID
  let seriesInstanceUID: UID
  /// The result that this one takes the place of.
  let replaced: ReplacedObject?
  private let stamp: DateTimeStamp

  init(
    of source: DataSet, equipment: Equipment, identity: ResultIdentity, createdAt: Date, timeZone: TimeZone
  ) throws(InvalidObject) {
    self.source = try SourceAttributes(of: source)
    self.equipment = equipment
    sopInstanceUID = identity.sopInstanceUID(source: self.source.sopInstanceUID)
    seriesInstanceUID = identity.seriesInstanceUID(source: self.source.sopInstanceUID)
    replaced = identity.replacedObject(source: self.source.sopInstanceUID)
    // Where the source states its offset from UTC, every time in the object is taken to be in it.
    let offset = self.source.secondsFromUTC.flatMap { TimeZone(secondsFromGMT: $0) }
    stamp = DateTimeStamp(createdAt, in: offset ?? timeZone)
    for (name, value) in [
      ("manufacturer", equipment.manufacturer), ("model name", equipment.modelName),
      ("serial number", equipment.serialNumber),
    ] where !Self.isLine(value) {
      throw InvalidObject(.manufacturer, "equipment without a valid \(name)")
    }
    guard !equipment.softwareVersions.isEmpty, equipment.softwareVersions.allSatisfy(Self.isLine) else {
      throw InvalidObject(.softwareVersions, "equipment without valid software versions")
    }
  }

  /// A data set with everything that doesn't depend on the kind of object.
  ///
  /// - Parameter hasLaterality: Laterality of the series is said; a segmentation says it by its segments.
  func dataSet(
    sopClass: UID, modality: String, seriesNumber: Int, seriesDescription: String,
    derivationDescription: String,
    hasLaterality: Bool
  ) throws(InvalidObject) -> DataSet {
    guard Self.isLine(seriesDescription) else {
      throw InvalidObject(.seriesDescription, "must be 1 to 64 characters in one line")
    }
    guard !derivationDescription.isEmpty, derivationDescription.unicodeScalars.count <= 1024 else {
      throw InvalidObject(.derivationDescription, "must be 1 to 1024 characters")
    }
    var result = DataSet()
    source.copy(into: &result)
    result.set(.sopClassUID, sopClass)
    result.set(.sopInstanceUID, sopInstanceUID)
    result.set(.instanceCreationDate, stamp.date)
    result.set(.instanceCreationTime, stamp.time)

    result.set(.modality, modality)
    result.set(.seriesInstanceUID, seriesInstanceUID)
    result.set(.seriesNumber, seriesNumber)
    result.set(.seriesDescription, seriesDescription)
    result.set(.seriesDate, stamp.date)
    result.set(.seriesTime, stamp.time)
    if hasLaterality { setLaterality(in: &result) }

    result.set(.instanceNumber, 1)
    result.set(.contentDate, stamp.date)
    result.set(.contentTime, stamp.time)
    result[.patientOrientation] = source.patientOrientation

    setEquipment(in: &result)
    result.set(.derivationDescription, derivationDescription)
    result.set(.sourceImageSequence, items: [sourceReference])
    if let replaced { result.set(.referencedImageSequence, items: [replaced.imageReference]) }
    return result
  }

  /// Reference to the source with its purpose, for Source Image Sequence.
  var sourceReference: DataSet {
    var reference = instanceReference
    reference.set(.purposeOfReferenceCodeSequence, items: [CodedConcept.sourceImageForImageProcessing.item])
    return reference
  }

  /// Reference to the source: SOP class and instance.
  var instanceReference: DataSet {
    var reference = DataSet()
    reference.set(.referencedSOPClassUID, source.sopClassUID)
    reference.set(.referencedSOPInstanceUID, source.sopInstanceUID)
    return reference
  }

  var date: String { stamp.date }
  var time: String { stamp.time }

  private func setLaterality(in result: inout DataSet) {
    if let bodyPart = result.string(.bodyPartExamined), BodyPart.isUnpaired(bodyPart) { return }
    result.setEmpty(.laterality)
    if let side = source.laterality { result.set(.laterality, side) }
  }

  private func setEquipment(in result: inout DataSet) {
    result.set(.manufacturer, equipment.manufacturer)
    result.set(.manufacturerModelName, equipment.modelName)
    result.set(.deviceSerialNumber, equipment.serialNumber)
    result.set(.softwareVersions, equipment.softwareVersions)
    var contribution = DataSet()
    contribution.set(.manufacturer, equipment.manufacturer)
    contribution.set(.manufacturerModelName, equipment.modelName)
    contribution.set(.deviceSerialNumber, equipment.serialNumber)
    contribution.set(.softwareVersions, equipment.softwareVersions)
    contribution.set(.contributionDateTime, stamp.dateTime)
    contribution.set(.contributionDescription, "Analysis by a neural network, \(Self.researchUseOnly)")
    contribution.set(.purposeOfReferenceCodeSequence, items: [CodedConcept.processingEquipment.item])
    result.set(.contributingEquipmentSequence, items: [contribution])
  }

  private static func isLine(_ value: String) -> Bool {
    !value.isEmpty && !value.contains("\\") && ValueRule.isValid(value, .LO)
  }
}
