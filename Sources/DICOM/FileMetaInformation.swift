/// What stands before a data set that came over the network to make a file of it (PS3.10 section 7.1).
public enum FileMetaInformation {
  /// Of the files that this program writes, and of its associations.
  public static var implementationVersion: String { DICOMWriter.implementationVersion }
  public static var implementationClass: UID { DICOMWriter.implementationClassUID }

  /// Preamble and group 2. It says nothing of when and from whom, so that an object that is sent twice is the same file
  /// twice.
  /// - Parameters:
  ///   - sopClass: As the peer stated them, valid or not.
  public static func bytes(
    sopClass: String, sopInstance: String, transferSyntax: TransferSyntax
  ) -> [UInt8] {
    func text(_ element: UInt16, _ vr: VR, _ value: String) -> DataElement {
      DataElement(Tag(0x0002, element), vr, .text(value))
    }
    let elements = ExplicitLittleEndian.encode(
      DataSet([
        DataElement(Tag(0x0002, 0x0001), .OB, .bytes([0, 1])), text(0x0002, .UI, sopClass),
        text(0x0003, .UI, sopInstance), text(0x0010, .UI, transferSyntax.uid.string),
        text(0x0012, .UI, DICOMWriter.implementationClassUID.string),
        text(0x0013, .SH, implementationVersion),
      ]))
    let length = ExplicitLittleEndian.encode(
      DataSet([DataElement(Tag(0x0002, 0x0000), .UL, .integers([elements.count]))]))
    return [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + length + elements
  }
}
