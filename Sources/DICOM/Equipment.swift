/// What made a result object (PS3.3 sections C.7.5.1, C.7.5.2 and the Contributing Equipment Sequence of C.12.1).
public struct Equipment: Sendable, Equatable {
  public var manufacturer: String
  public var modelName: String
  public var serialNumber: String
  public var softwareVersions: [String]
  /// What it did, as Contribution Description (0018,A003) says it.
  public var contribution: String

  public init(
    manufacturer: String, modelName: String, serialNumber: String, softwareVersions: [String],
    contribution: String = "Analysis by a neural network"
  ) {
    self.manufacturer = manufacturer
    self.modelName = modelName
    self.serialNumber = serialNumber
    self.softwareVersions = softwareVersions
    self.contribution = contribution
  }

  /// Manufacturer (0008,0070) of every object that this program writes.
  public static let ownManufacturer = "mmdicom"
  /// Manufacturer's Model Name (0008,1090) of every object that this program writes.
  public static let ownModelName = "MultiMix"

  /// This program, with the network's version beside its own.
  public static func mmdicom(version: String, model: String, serialNumber: String = "1") -> Equipment {
    Equipment(
      manufacturer: ownManufacturer, modelName: ownModelName, serialNumber: serialNumber,
      softwareVersions: [version, model])
  }

  /// The data set says that this program made it: by its own Manufacturer and model, or by a Contributing Equipment
  /// item of purpose (109102, DCM, "Processing Equipment").
  public static func isOwnOutput(_ dataSet: DataSet) -> Bool {
    isOwn(dataSet)
      || dataSet.items(.contributingEquipmentSequence).contains { item in
        isOwn(item)
          && item.items(.purposeOfReferenceCodeSequence).compactMap { CodedConcept($0) }.contains(
            .processingEquipment)
      }
  }

  private static func isOwn(_ dataSet: DataSet) -> Bool {
    dataSet.string(.manufacturer) == ownManufacturer
      && dataSet.string(.manufacturerModelName) == ownModelName
  }
}
