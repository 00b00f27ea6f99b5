internal import FoundationEssentials

/// What every result object says beside its own content: whose it is, what made it, from what, and that it is for
/// research only.
struct ResultHeader {
  static let researchUseOnly = "research use only, not for diagnosis"

  let source: SourceAttributes
  let equipment: Equipment
  let identity: ResultIdentity
  let sopInstanceUID: UID
  /// The result that this one takes the place of.
  let replaced: ReplacedObject?
  private let stamp: DateTimeStamp

  init(
    of source: DataSet, equipment: Equipment, identity: ResultIdentity, createdAt: Date, timeZone: TimeZone
  ) throws(InvalidObject) {
    self.source = try SourceAttributes(of: source)
    self.equipment = equipment
    self.identity = identity
    sopInstanceUID = identity.sopInstanceUID(source: self.source.sopInstanceUID)
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

  /// What an object is and the series that it goes into.
  struct Kind {
    let sopClass: UID
    let modality: String
    let seriesNumber: Int
    let seriesDescription: String
    /// In the series.
    let instanceNumber: Int
    /// Laterality of the series is said; a segmentation says it by its segments, a report not at all.
    var hasLaterality = false
    /// Reports have their own way of saying what was asked for.
    var hasRequests = true
  }

  /// A data set with everything that doesn't depend on the kind of object. Dates of the series are left out: its
  /// objects come one after the other and must agree.
  func dataSet(_ kind: Kind) throws(InvalidObject) -> DataSet {
    guard Self.isLine(kind.seriesDescription) else {
      throw InvalidObject(.seriesDescription, "must be 1 to 64 characters in one line")
    }
    guard kind.instanceNumber > 0, Int32(exactly: kind.instanceNumber) != nil else {
      throw InvalidObject(.instanceNumber, "must be from 1 to 2147483647")
    }
    var result = DataSet()
    source.copy(into: &result)
    result.set(.sopClassUID, kind.sopClass)
    result.set(.sopInstanceUID, sopInstanceUID)
    result.set(.instanceCreationDate, stamp.date)
    result.set(.instanceCreationTime, stamp.time)

    result.set(.modality, kind.modality)
    result.set(.seriesNumber, kind.seriesNumber)
    result.set(.seriesDescription, kind.seriesDescription)
    result.set(.instanceNumber, kind.instanceNumber)
    if kind.hasLaterality { setLaterality(in: &result) }
    let requests = source.requests
    if !requests.isEmpty {
      if kind.hasRequests {
        result.set(.requestAttributesSequence, items: requests.map(\.attributes))
      } else {
        let study = result.string(.studyInstanceUID) ?? ""
        let number = result.string(.accessionNumber) ?? ""
        result.set(
          .referencedRequestSequence,
          items: requests.map { $0.reference(study: study, accessionNumber: number) })
      }
    }
    setEquipment(in: &result)
    setSeries(in: &result)
    return result
  }

  /// What pictures say beyond that: when their content was made, how they lie, and from what.
  func setImage(derivationDescription: String, in result: inout DataSet) throws(InvalidObject) {
    guard !derivationDescription.isEmpty, derivationDescription.unicodeScalars.count <= 1024 else {
      throw InvalidObject(.derivationDescription, "must be 1 to 1024 characters")
    }
    result.set(.contentDate, stamp.date)
    result.set(.contentTime, stamp.time)
    result[.patientOrientation] = source.patientOrientation
    result.set(.derivationDescription, derivationDescription)
    result.set(.sourceImageSequence, items: [sourceReference])
    if let replaced { result.set(.referencedImageSequence, items: [replaced.imageReference]) }
  }

  /// Reference to the source with its purpose, for Source Image Sequence.
  var sourceReference: DataSet {
    var reference = instanceReference
    reference.set(.purposeOfReferenceCodeSequence, items: [CodedConcept.sourceImageForImageProcessing.item])
    return reference
  }

  /// Reference to the source: SOP class and instance.
  var instanceReference: DataSet {
    ResultReference.item(sopClassUID: source.sopClassUID, sopInstanceUID: source.sopInstanceUID.string)
  }

  /// Of the series that a data set of ours is in.
  func seriesInstanceUID(of result: DataSet) throws(InvalidObject) -> UID {
    guard let uid = result.uid(.seriesInstanceUID) else {
      throw InvalidObject(.seriesInstanceUID, "no UID")
    }
    return uid
  }

  /// The source's series, without which nothing can refer to it by series.
  func sourceSeries() throws(InvalidObject) -> String {
    guard let series = source.seriesInstanceUID else {
      throw InvalidObject(.seriesInstanceUID, "the source has no valid Series Instance UID")
    }
    return series
  }

  var date: String { stamp.date }
  var time: String { stamp.time }

  /// A description with the notice that a result must carry, where it doesn't say so itself.
  static func marked(_ seriesDescription: String) throws(InvalidObject) -> String {
    if seriesDescription.lowercased().contains(researchUseOnly) { return seriesDescription }
    let said = "\(seriesDescription), \(researchUseOnly)"
    guard said.unicodeScalars.count <= 64 else {
      throw InvalidObject(.seriesDescription, "too long to add \"\(researchUseOnly)\"")
    }
    return said
  }

  private func setSeries(in result: inout DataSet) {
    let shared = DataSet(
      [.bodyPartExamined, .laterality, .requestAttributesSequence].compactMap { result[$0] })
    result.set(
      .seriesInstanceUID,
      identity.seriesInstanceUID(
        study: result.string(.studyInstanceUID) ?? "", attributes: ExplicitLittleEndian.encode(shared)))
  }

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
    contribution.set(.contributionDescription, "\(equipment.contribution), \(Self.researchUseOnly)")
    contribution.set(.purposeOfReferenceCodeSequence, items: [CodedConcept.processingEquipment.item])
    result.set(.contributingEquipmentSequence, items: [contribution])
  }

  private static func isLine(_ value: String) -> Bool {
    !value.isEmpty && !value.contains("\\") && ValueRule.isValid(value, .LO)
  }
}
