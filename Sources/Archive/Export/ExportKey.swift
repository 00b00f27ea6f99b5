internal import Files
public import FoundationEssentials
internal import Glibc

/// What the names that stand for others are made with.
public struct ExportKey: Sendable {
  let digest: KeyedDigest

  /// A key that nobody knows and nobody will.
  public init() {
    guard let digest = KeyedDigest(key: Self.drawn()) else {
      preconditionFailure("a key of our own is long enough")
    }
    self.digest = digest
  }

  /// The key in a file, of 32 bytes or more. Where there is no such file one is made, which only its owner may read.
  public init(at url: URL) throws(ExchangeError) {
    if !FileManager.default.fileExists(atPath: url.path) { try Self.write(Self.drawn(), to: url) }
    guard let bytes = FileManager.default.contents(atPath: url.path) else {
      throw .key(path: url.path, why: "can't be read; check its rights")
    }
    // A line end behind the key is the editor's.
    let key = Array(bytes.reversed().drop { $0 == 0x0A || $0 == 0x0D }.reversed())
    guard let digest = KeyedDigest(key: key) else {
      throw .key(path: url.path, why: "is no key: holds less than \(KeyedDigest.shortestKey) bytes")
    }
    self.digest = digest
  }

  /// 64 hexadecimal digits.
  private static func drawn() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<64).map { _ in Array("0123456789abcdef".utf8)[Int.random(in: 0..<16, using: &generator)] }
  }

  private static func write(_ key: [UInt8], to url: URL) throws(ExchangeError) {
    func failure(_ code: Int32) -> ExchangeError {
      .key(path: url.path, why: "can't be written (errno \(code))")
    }
    let descriptor = unsafe open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(errno) }
    defer { close(descriptor) }
    let code = unsafe (key + [0x0A]).withUnsafeBytes { unsafe writeAll(of: $0, to: descriptor) }
    guard code == 0, fsync(descriptor) == 0 else {
      _ = unsafe unlink(url.path)
      throw failure(code == 0 ? EIO : code)
    }
  }
}
