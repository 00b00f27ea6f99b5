/// Where a DICOM node listens: `dicom://AETITLE@HOST:PORT`, or `dicom-tls://` for one that speaks TLS.
///
/// Ports that aren't named are those that IANA has registered under these names: 104 and 2762.
public struct DICOMAddress: Sendable, Hashable, Codable, CustomStringConvertible {
  /// 1 to 16 characters (PS3.5 section 6.2, AE).
  public let aeTitle: String
  /// A name, or an address of IPv4.
  public let host: String
  public let port: UInt16
  public let usesTLS: Bool

  private static let schemes: [(name: String, usesTLS: Bool, port: UInt16)] = [
    ("dicom://", false, 104), ("dicom-tls://", true, 2762),
  ]

  public init(_ text: String) throws(DICOMAddressError) {
    guard let scheme = Self.schemes.first(where: { text.lowercased().hasPrefix($0.name) }) else {
      throw DICOMAddressError("'\(text)' doesn't begin with dicom:// or dicom-tls://")
    }
    usesTLS = scheme.usesTLS
    var rest = text.dropFirst(scheme.name.count)
    if rest.hasSuffix("/") { rest.removeLast() }
    guard let at = rest.lastIndex(of: "@") else {
      throw DICOMAddressError("'\(text)' names no AE title: \(scheme.name)AETITLE@HOST:PORT")
    }
    let title = String(rest[..<at])
    guard Self.isAETitle(title) else {
      throw DICOMAddressError("'\(title)' is no AE title: 1 to 16 characters, no backslash, not all spaces")
    }
    aeTitle = title
    let place = rest[rest.index(after: at)...].split(separator: ":", omittingEmptySubsequences: false)
    guard place.count <= 2, let host = place.first, Self.isHost(host) else {
      throw DICOMAddressError("'\(text)' names no host (a name, or an address of IPv4)")
    }
    self.host = String(host)
    guard place.count == 2 else {
      port = scheme.port
      return
    }
    guard let number = UInt16(place[1]), number > 0 else {
      throw DICOMAddressError("'\(place[1])' is no port: 1 to 65535")
    }
    port = number
  }

  /// Whether a text may be an AE title.
  public static func isAETitle(_ text: String) -> Bool {
    let bytes = text.utf8
    return (1...16).contains(bytes.count) && bytes.contains { $0 != UInt8(ascii: " ") }
      && bytes.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }
  }

  /// dcmnet keeps a host in 128 bytes, and splits at colons.
  private static func isHost(_ text: Substring) -> Bool {
    (1...120).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  public var description: String { "\(usesTLS ? "dicom-tls" : "dicom")://\(aeTitle)@\(host):\(port)" }

  /// As its text.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do { self = try DICOMAddress(try container.decode(String.self)) } catch let error as DICOMAddressError {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Why a text is no address; one line.
public struct DICOMAddressError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
