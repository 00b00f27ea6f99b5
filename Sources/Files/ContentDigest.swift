import Crypto
package import FoundationEssentials

/// SHA-256 of contents: the one digest that files, archives, caches and results are told apart and pinned by.
package struct ContentDigest: Sendable, Hashable, CustomStringConvertible {
  /// 32 bytes.
  package let bytes: [UInt8]

  fileprivate init(_ digest: SHA256.Digest) { bytes = Array(digest) }

  package init(of contents: some DataProtocol) { self.init(SHA256.hash(data: contents)) }

  package init(of text: String) { self.init(SHA256.hash(data: Array(text.utf8))) }

  /// 64 hexadecimal digits.
  package var description: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// A digest in the making, for contents that come piece by piece.
  package struct Running: Sendable {
    private var hash = SHA256()

    package init() {}

    package mutating func add(_ piece: some DataProtocol) { hash.update(data: piece) }

    package mutating func add(_ text: String) { hash.update(data: Array(text.utf8)) }

    package func finished() -> ContentDigest { ContentDigest(hash.finalize()) }
  }
}
