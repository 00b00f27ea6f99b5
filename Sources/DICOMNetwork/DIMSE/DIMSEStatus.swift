/// What a peer answers to a request (PS3.7 annex C, for storage PS3.4 section B.2.3).
public struct DIMSEStatus: Sendable, Hashable, Codable, CustomStringConvertible {
  public enum Verdict: String, Sendable, Hashable, Codable {
    case taken
    /// Taken, and something about it isn't as the peer would have it.
    case takenWithWarning = "taken_with_warning"
    /// It may be taken another time.
    case refusedForNow = "refused_for_now"
    /// It will never be taken as it is.
    case refusedForGood = "refused_for_good"

    public var isTaken: Bool { self == .taken || self == .takenWithWarning }
  }

  public let code: UInt16

  public init(_ code: UInt16) { self.code = code }

  public static let success = DIMSEStatus(0x0000)
  /// Refused: out of resources.
  public static let outOfResources = DIMSEStatus(0xA700)
  /// SOP Class not supported.
  public static let classNotSupported = DIMSEStatus(0x0122)
  /// It has an object of this SOP Instance UID already.
  public static let duplicateInstance = DIMSEStatus(0x0111)
  public static let processingFailure = DIMSEStatus(0x0110)
  public static let unrecognizedOperation = DIMSEStatus(0x0211)
  public static let invalidObjectInstance = DIMSEStatus(0x0117)

  /// What follows from it. Pure.
  public var verdict: Verdict {
    switch code {
    case 0x0000: .taken
    // Attribute list error, attribute value out of range: warnings both (PS3.7 sections C.4.2 and C.4.3). Duplicate SOP
    // instance (section C.5.7): it has one of that UID already.
    case 0x0001, 0x0107, 0x0111, 0x0116, 0xB000...0xBFFF: .takenWithWarning
    case 0xA700...0xA7FF: .refusedForNow
    case 0xA800...0xAFFF, 0xC000...0xCFFF: .refusedForGood
    // No such class, object, action or argument; not allowed; mistyped or unknown operation.
    case 0x0105, 0x0106, 0x0112...0x0115, 0x0117...0x0124, 0x0211, 0x0212: .refusedForGood
    default: .refusedForNow
    }
  }

  /// Four hexadecimal digits.
  public var description: String {
    let digits = String(code, radix: 16, uppercase: true)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}
