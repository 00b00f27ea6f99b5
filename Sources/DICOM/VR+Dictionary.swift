internal import CDCMTK

extension VR {
  /// The representation that PS3.6 gives to a tag (US where it leaves a choice that depends on Pixel Representation,
  /// OW where it leaves one between OB and OW); nil for elements that DCMTK's dictionary doesn't have.
  public static func inDictionary(_ tag: Tag) -> VR? {
    let code = cdcmtk_dictionary_vr(tag.group, tag.element)
    guard code != 0 else { return nil }
    if code == ambiguous { return .US }
    return VR(code: UInt8(truncatingIfNeeded: code >> 8), UInt8(truncatingIfNeeded: code))
  }

  /// Whether PS3.6 leaves the choice between US and SS to Pixel Representation.
  static func dependsOnSign(_ tag: Tag) -> Bool { cdcmtk_dictionary_vr(tag.group, tag.element) == ambiguous }

  /// DCMTK's "xs".
  private static let ambiguous = UInt16(UInt8(ascii: "x")) << 8 | UInt16(UInt8(ascii: "s"))

  /// From the two letters of its name.
  init?(code first: UInt8, _ second: UInt8) {
    guard let vr = VR.byCode[UInt16(first) << 8 | UInt16(second)] else { return nil }
    self = vr
  }

  /// The two letters of its name, the first in the high byte.
  var code: UInt16 {
    rawValue.utf8.reduce(0) { $0 << 8 | UInt16($1) }
  }

  private static let byCode = Dictionary(uniqueKeysWithValues: allCases.map { ($0.code, $0) })
}
