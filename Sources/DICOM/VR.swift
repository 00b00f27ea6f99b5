/// A value representation (PS3.5 section 6.2).
public enum VR: String, Sendable, Hashable, CaseIterable {
  // The standard writes them in capitals.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  case AE, AS, AT, CS, DA, DS, DT, FD, FL, IS, LO, LT, OB, OD, OF, OL, OV, OW, PN, SH,
    SL, SQ, SS, ST, SV, TM, UC, UI, UL, UN, UR, US, UT, UV

  /// How values of this representation are held in a `DataElement`.
  var storage: Storage {
    switch self {
    case .AE, .AS, .CS, .DA, .DS, .DT, .IS, .LO, .LT, .PN, .SH, .ST, .TM, .UC, .UI, .UR, .UT: .text
    case .AT, .SL, .SS, .SV, .UL, .US, .UV: .integers
    case .FD, .FL: .decimals
    case .OB, .OD, .OF, .OL, .OV, .OW, .UN: .bytes
    case .SQ: .items
    }
  }

  enum Storage { case text, integers, decimals, bytes, items }

  /// A backslash separates values, except in the text representations of one long value.
  var isMultiValued: Bool {
    switch self {
    case .LT, .ST, .UT, .UR: false
    default: true
    }
  }

  /// Leading spaces carry meaning in the long text representations and are padding elsewhere.
  var keepsLeadingSpaces: Bool {
    switch self {
    case .LT, .ST, .UT, .UC, .UR: true
    default: false
    }
  }
}
