/// How a data set and its pixels are encoded (PS3.5 annex A and section 10; names as in PS3.6 annex A).
public struct TransferSyntax: Hashable, Sendable, CustomStringConvertible {
  public let uid: UID
  public let name: String
  /// Pixel data is a sequence of compressed fragments (PS3.5 section A.4).
  public let isEncapsulated: Bool
  /// The encoding may alter pixel values. For syntaxes that allow both (JPEG 2000, HTJ2K) this is true: whether an
  /// image lost anything is then said by Lossy Image Compression (0028,2110).
  public let isLossy: Bool
  /// `DICOMWriter` can write it.
  public let isWritable: Bool
  /// This program decodes pixels in it.
  let isKnown: Bool

  public var description: String { name }

  private init(
    _ uid: StaticString, _ name: String, encapsulated: Bool = true, lossy: Bool = false,
    writable: Bool = false
  ) {
    self.uid = UID(constant: uid)
    self.name = name
    isEncapsulated = encapsulated
    isLossy = lossy
    isWritable = writable
    isKnown = true
  }

  /// The known transfer syntax of a UID; nil where this program can't decode pixels in it.
  public init?(uid: UID) {
    guard let known = TransferSyntax.byUID[uid] else { return nil }
    self = known
  }

  /// The transfer syntax of a UID, known or not.
  public static func of(_ uid: UID) -> TransferSyntax {
    TransferSyntax(uid: uid) ?? TransferSyntax(unknown: uid)
  }

  /// A transfer syntax that this program doesn't know: its data set is readable, its pixels are not.
  private init(unknown uid: UID) {
    self.uid = uid
    name = "unknown transfer syntax \(uid)"
    isEncapsulated = true
    isLossy = false
    isWritable = false
    isKnown = false
  }

  /// What a file states, where it says anything that is a UID.
  init(stated text: String) {
    self = UID(text).map(TransferSyntax.of) ?? .explicitVRLittleEndian
  }

  public static let implicitVRLittleEndian = TransferSyntax(
    "1.2.840.10008.1.2", "Implicit VR Little Endian", encapsulated: false, writable: true)
  public static let explicitVRLittleEndian = TransferSyntax(
    "1.2.840.10008.1.2.1", "Explicit VR Little Endian", encapsulated: false, writable: true)
  public static let deflatedExplicitVRLittleEndian = TransferSyntax(
    "1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", encapsulated: false, writable: true)
  public static let explicitVRBigEndian = TransferSyntax(
    "1.2.840.10008.1.2.2", "Explicit VR Big Endian", encapsulated: false, writable: true)
  public static let jpegBaseline = TransferSyntax(
    "1.2.840.10008.1.2.4.50", "JPEG Baseline (Process 1)", lossy: true, writable: true)
  public static let jpegExtended = TransferSyntax(
    "1.2.840.10008.1.2.4.51", "JPEG Extended (Process 2 and 4)", lossy: true, writable: true)
  public static let jpegSpectralSelection = TransferSyntax(
    "1.2.840.10008.1.2.4.53", "JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)", lossy: true)
  public static let jpegFullProgression = TransferSyntax(
    "1.2.840.10008.1.2.4.55", "JPEG Full Progression, Non-Hierarchical (Process 10 and 12)", lossy: true)
  public static let jpegLossless = TransferSyntax(
    "1.2.840.10008.1.2.4.57", "JPEG Lossless, Non-Hierarchical (Process 14)", writable: true)
  public static let jpegLosslessSV1 = TransferSyntax(
    "1.2.840.10008.1.2.4.70",
    "JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14 [Selection Value 1])", writable: true
  )
  public static let jpegLSLossless = TransferSyntax(
    "1.2.840.10008.1.2.4.80", "JPEG-LS Lossless Image Compression", writable: true)
  public static let jpegLSNearLossless = TransferSyntax(
    "1.2.840.10008.1.2.4.81", "JPEG-LS Lossy (Near-Lossless) Image Compression", lossy: true, writable: true)
  public static let jpeg2000Lossless = TransferSyntax(
    "1.2.840.10008.1.2.4.90", "JPEG 2000 Image Compression (Lossless Only)", writable: true)
  public static let jpeg2000 = TransferSyntax(
    "1.2.840.10008.1.2.4.91", "JPEG 2000 Image Compression", lossy: true)
  public static let htj2kLossless = TransferSyntax(
    "1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 Image Compression (Lossless Only)")
  public static let htj2kLosslessRPCL = TransferSyntax(
    "1.2.840.10008.1.2.4.202",
    "High-Throughput JPEG 2000 with RPCL Options Image Compression (Lossless Only)")
  public static let htj2k = TransferSyntax(
    "1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000 Image Compression", lossy: true)
  /// Retired before the standard had explicit representations; an implicit data set like any other.
  public static let papyrus3 = TransferSyntax(
    "1.2.840.10008.1.20", "Papyrus 3 Implicit VR Little Endian", encapsulated: false)
  /// Implicit but for its pixels, whose words are big-endian.
  public static let privateGE = TransferSyntax(
    "1.2.840.113619.5.2", "Private GE Little Endian Implicit with big endian pixel data", encapsulated: false)
  public static let rleLossless = TransferSyntax("1.2.840.10008.1.2.5", "RLE Lossless", writable: true)

  /// Every transfer syntax whose pixels this program decodes.
  public static let all: [TransferSyntax] = [
    .implicitVRLittleEndian, .explicitVRLittleEndian, .deflatedExplicitVRLittleEndian, .explicitVRBigEndian,
    .papyrus3, .privateGE, .jpegBaseline, .jpegExtended, .jpegSpectralSelection, .jpegFullProgression,
    .jpegLossless, .jpegLosslessSV1, .jpegLSLossless, .jpegLSNearLossless,
    .jpeg2000Lossless, .jpeg2000, .htj2kLossless, .htj2kLosslessRPCL, .htj2k, .rleLossless,
  ]

  private static let byUID = Dictionary(uniqueKeysWithValues: all.map { ($0.uid, $0) })
}

/// By its UID.
extension TransferSyntax: Codable {
  public init(from decoder: any Decoder) throws {
    self = .of(try UID(from: decoder))
  }

  public func encode(to encoder: any Encoder) throws { try uid.encode(to: encoder) }
}
