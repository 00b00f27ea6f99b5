import Foundation

/// A zip archive put together by hand, so that anything can be wrong with it. Nothing in it is compressed.
public struct HandmadeZip {
  public struct Entry {
    public var name: String
    public var content: [UInt8] = Array("content".utf8)
    /// Of Unix.
    public var mode: UInt32 = 0o100_644
    /// 1: encrypted.
    public var flags: UInt16 = 0
    /// What is stated, where it isn't the truth.
    public var statedSize: UInt32?
    public var statedCRC: UInt32?

    public init(
      name: String, content: [UInt8] = Array("content".utf8), mode: UInt32 = 0o100_644, flags: UInt16 = 0,
      statedSize: UInt32? = nil, statedCRC: UInt32? = nil
    ) {
      self.name = name
      self.content = content
      self.mode = mode
      self.flags = flags
      self.statedSize = statedSize
      self.statedCRC = statedCRC
    }
  }

  public var entries: [Entry] = []

  public init(_ entries: [Entry]) { self.entries = entries }

  public init(_ names: String...) { entries = names.map { Entry(name: $0) } }

  public var bytes: [UInt8] {
    var whole: [UInt8] = []
    var directory: [UInt8] = []
    func number(_ value: some BinaryInteger, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    for entry in entries {
      let name = Array(entry.name.utf8)
      let size = entry.statedSize ?? UInt32(entry.content.count)
      let common =
        number(20, 2) + number(entry.flags, 2) + number(0, 2) + number(0, 4)
        + number(entry.statedCRC ?? crc32(entry.content), 4) + number(size, 4) + number(size, 4)
        + number(name.count, 2) + number(0, 2)
      directory +=
        [0x50, 0x4B, 1, 2, 20, 3] + common + number(0, 2) + number(0, 2) + number(0, 2)
        + number(entry.mode << 16, 4) + number(whole.count, 4) + name
      whole += [0x50, 0x4B, 3, 4] + common + name + entry.content
    }
    let start = whole.count
    whole += directory
    whole += [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + number(entries.count, 2) + number(entries.count, 2)
    whole += number(directory.count, 4) + number(start, 4) + number(0, 2)
    return whole
  }
}
