import Foundation
import TestSupport

/// A PNG file put together by hand, its rows not compressed.
enum HandmadePNG {
  /// - Parameters:
  ///   - samples: Row-major, channels interleaved; of 16 bits where `bits` says so.
  ///   - colour: 0 grey, 2 RGB.
  static func bytes(_ samples: [UInt16], width: Int, height: Int, bits: Int = 8, colour: UInt8 = 0) -> Data {
    func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
    let perRow = samples.count / height
    var raw: [UInt8] = []
    for row in 0..<height {
      raw.append(0)
      for value in samples[(row * perRow)..<((row + 1) * perRow)] {
        if bits == 16 { raw.append(UInt8(value >> 8)) }
        raw.append(UInt8(truncatingIfNeeded: value))
      }
    }
    var deflated: [UInt8] = [0x78, 0x01]
    for start in stride(from: 0, to: raw.count, by: 65535) {
      let part = raw[start..<min(start + 65535, raw.count)]
      deflated.append(start + 65535 >= raw.count ? 1 : 0)
      deflated += [UInt8(part.count & 0xFF), UInt8(part.count >> 8)]
      deflated += [UInt8(~part.count & 0xFF), UInt8(~part.count >> 8 & 0xFF)] + part
    }
    var (low, high) = (1, 0)
    for byte in raw {
      low = (low + Int(byte)) % 65521
      high = (high + low) % 65521
    }
    deflated += number(high << 16 | low)
    func chunk(_ kind: String, _ content: [UInt8]) -> [UInt8] {
      let body = Array(kind.utf8) + content
      return number(content.count) + body + number(Int(crc32(body)))
    }
    let head = number(width) + number(height) + [UInt8(bits), colour, 0, 0, 0]
    return Data(
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", head) + chunk("IDAT", deflated)
        + chunk("IEND", []))
  }
}
