import DICOM
import Foundation
import Testing

/// Codestreams with oddities that touch no pixel, and lossy ones whose values leave their bits.
@Suite struct OddCodestreamTests {
  private func decode(
    _ codestream: [UInt8], _ transferSyntax: TransferSyntax, rows: Int, columns: Int, allocated: Int,
    stored: Int,
    high: Int? = nil, isSigned: Bool = false
  ) throws -> Frame {
    let folder = try TemporaryFolder()
    var raw = RawFile(transferSyntax: transferSyntax.uid.string)
    raw.image(
      rows: rows, columns: columns, allocated: allocated, stored: stored, high: high, isSigned: isSigned)
    raw.fragments([codestream.count % 2 == 1 ? codestream + [0] : codestream])
    try raw.write(to: folder.file("x.dcm"))
    return try DICOMFile(reading: folder.file("x.dcm")).frame(0)
  }

  /// The one fragment of what the writer makes of 40 x 40 values.
  private func written(_ transferSyntax: TransferSyntax, bits: Int, _ values: [UInt16]? = nil) throws
    -> [UInt8]
  {
    let folder = try TemporaryFolder()
    let values = values ?? Synthetic.values(40 * 40, bits: bits, seed: 3)
    let dataSet = Synthetic.radiograph(rows: 40, columns: 40, bits: bits, allocated: bits == 8 ? 8 : 16)
    let pixels: PixelData = bits == 8 ? .bytes(frames: [values.map { UInt8($0) }]) : .words(frames: [values])
    try DICOMWriter.write(dataSet, pixels: pixels, as: transferSyntax, to: folder.file("x.dcm"))
    let bytes = Array(try Data(contentsOf: folder.file("x.dcm")))
    let start = try #require(bytes.firstRange(of: [0xE0, 0x7F, 0x10, 0x00] as [UInt8])).lowerBound
    let table = Int(bytes[start + 16]) | Int(bytes[start + 17]) << 8
    return Array(bytes[(start + 28 + table)..<(bytes.count - 8)])
  }

  private func image(_ codestream: [UInt8], _ transferSyntax: TransferSyntax, bits: Int) throws -> [Int32] {
    try decode(codestream, transferSyntax, rows: 40, columns: 40, allocated: bits == 8 ? 8 : 16, stored: bits)
      .pixels
  }

  // MARK: JPEG

  @Test(arguments: [(TransferSyntax.jpegBaseline, 8), (.jpegExtended, 12)])
  func sequentialJPEGWithoutSpectralSelection(transferSyntax: TransferSyntax, bits: Int) throws {
    let sound = try written(transferSyntax, bits: bits)
    let expected = try image(sound, transferSyntax, bits: bits)
    let scan = try #require(sound.firstRange(of: [0xFF, 0xDA] as [UInt8])).lowerBound
    let selection = scan + 5 + 2 * Int(sound[scan + 4])
    for odd in [[0, 0, 0], [0, 63, 1], [1, 63, 0], [0, 62, 0x11]] as [[UInt8]] {
      var codestream = sound
      codestream.replaceSubrange(selection..<selection + 3, with: odd)
      let decoded = try image(codestream, transferSyntax, bits: bits)
      #expect(decoded == expected, "\(odd)")
    }
  }

  /// Bytes between the last row and the end of the image belong to no pixel; within the rows they are damage.
  @Test(arguments: [(TransferSyntax.jpegBaseline, 8), (.jpegExtended, 12), (.jpegLosslessSV1, 12)])
  func bytesBeforeTheEndOfJPEG(transferSyntax: TransferSyntax, bits: Int) throws {
    let sound = try written(transferSyntax, bits: bits)
    let expected = try image(sound, transferSyntax, bits: bits)
    let end = try #require(sound.lastIndex(of: 0xD9)) - 1
    for padding in [[0], [0, 0, 0, 0], [0x80, 0x80], [0x12, 0x34, 0x56]] as [[UInt8]] {
      let codestream = Array(sound[..<end]) + padding + [0xFF, 0xD9]
      #expect(try image(codestream, transferSyntax, bits: bits) == expected, "\(padding)")
    }
    let scan = try #require(sound.firstRange(of: [0xFF, 0xDA] as [UInt8])).lowerBound
    var damaged = sound
    let middle = (scan + end) / 2
    damaged.replaceSubrange(middle..<middle + 4, with: [0xFF, 0xD9, 0xFF, 0xD9])
    #expect(throws: DICOMPixelError.self) { try image(damaged, transferSyntax, bits: bits) }
    #expect(try image(Array(sound[..<end]), transferSyntax, bits: bits) == expected)
    #expect(throws: DICOMPixelError.self) {
      try image(Array(sound[..<(end - 8)]), transferSyntax, bits: bits)
    }
    for kept in [scan + 20, middle, end - 8] {
      let short = Array(sound[..<kept]) + [0xFF, 0xD9]
      #expect(throws: DICOMPixelError.self, "\(kept) of \(end)") {
        try image(short, transferSyntax, bits: bits)
      }
    }
  }

  private static let marked: [(TransferSyntax, Int)] = [
    (.jpegBaseline, 8), (.jpegExtended, 12), (.jpegLosslessSV1, 12), (.jpegLossless, 12),
    (.jpegLSLossless, 12),
    (.jpeg2000Lossless, 12),
  ]

  /// What a broken transfer filled up with zeros decodes to something, in any Huffman code.
  @Test(arguments: marked) func zerosInPlaceOfTheRest(transferSyntax: TransferSyntax, bits: Int) throws {
    let top = (1 << bits) - 1
    for values in [nil, (0..<1600).map { UInt16($0 * top / 1600) }] {
      let sound = try written(transferSyntax, bits: bits, values)
      #expect(throws: Never.self) { try image(sound, transferSyntax, bits: bits) }
      for share in [0.01, 0.1, 0.2, 0.4] {
        let lost = max(20, Int(Double(sound.count) * share))
        let filled = Array(sound.dropLast(lost)) + [UInt8](repeating: 0, count: lost)
        #expect(throws: DICOMPixelError.self, "\(lost) of \(sound.count)") {
          try image(filled, transferSyntax, bits: bits)
        }
      }
    }
  }

  /// The same where the file's rest is filled up, delimiter and all; zeros for the delimiter alone do no harm.
  @Test(arguments: marked + [(.rleLossless, 12)])
  func zerosAtTheEndOfTheFile(transferSyntax: TransferSyntax, bits: Int) throws {
    let folder = try TemporaryFolder()
    let sound = try written(transferSyntax, bits: bits)
    var raw = RawFile(transferSyntax: transferSyntax.uid.string)
    raw.image(rows: 40, columns: 40, allocated: bits == 8 ? 8 : 16, stored: bits)
    raw.fragments([sound])
    func read(zeros: Int) throws -> [Int32] {
      var file = raw
      file.bytes = Array(raw.bytes.dropLast(zeros)) + [UInt8](repeating: 0, count: zeros + 16)
      try file.write(to: folder.file("x.dcm"))
      return try DICOMFile(reading: folder.file("x.dcm")).frame(0).pixels
    }
    #expect(try read(zeros: 8) == image(sound, transferSyntax, bits: bits))
    for zeros in [60, sound.count / 10, sound.count * 2 / 5] {
      #expect(throws: (any Error).self, "\(zeros) of \(sound.count)") { try read(zeros: zeros) }
    }
  }

  /// Twelve-bit JPEG of ten-bit values rings beyond both ends: white stays white.
  @Test(arguments: [10, 11, 12]) func overshootOfJPEGIsClipped(bits: Int) throws {
    let top = UInt16((1 << bits) - 1)
    let values = (0..<1600).map { $0 % 40 / 5 % 2 == $0 / 200 % 2 ? top : 0 }
    let codestream = try written(.jpegExtended, bits: bits, values)
    let decoded = try image(codestream, .jpegExtended, bits: bits)
    let worst = zip(decoded, values).map { abs(Int($0) - Int($1)) }.max() ?? .max
    #expect(worst < Int(top) / 8)
  }

  // MARK: JPEG 2000

  @Test func bytesBeforeTheEndOfJPEG2000() throws {
    let sound = try written(.jpeg2000Lossless, bits: 12)
    let expected = try image(sound, .jpeg2000Lossless, bits: 12)
    let end = try #require(sound.lastIndex(of: 0xD9)) - 1
    let comment: [UInt8] = [0xFF, 0x64, 0, 6, 0, 1, 0x41, 0x42]
    for padding in [[0x80, 0x80], [0], [0, 0, 0, 0], comment, comment + comment, [0xFF, 0xFF]] as [[UInt8]] {
      let codestream = Array(sound[..<end]) + padding + [0xFF, 0xD9]
      #expect(try image(codestream, .jpeg2000Lossless, bits: 12) == expected, "\(padding)")
    }
    for kept in [end / 2, end - 40, end - 1] {
      let short = Array(sound[..<kept]) + [0xFF, 0xD9]
      #expect(throws: DICOMPixelError.self, "\(kept) of \(end)") {
        try image(short, .jpeg2000Lossless, bits: 12)
      }
    }
  }

  /// 32 x 32 values 100 r + 7 c + 400 in four tiles of three tile-parts each. By OpenJPEG 2.5.0.
  private static let tiled = """
    /0//UQApAAAAAAAgAAAAIAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABCwEB/1IADAAAAAEAAgQEAAH/XAAKQGBoaHBoaHD/ZAAl
    AAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjD/kAAKAAAAAAAlAAP/k8/kUBDcOV2gPWwRqJFdotynz0pIePIp/5AA
    CgAAAAAAHgED/5PAHzg4H4AwIhoTA35hjIyP/5AACgAAAAAAIQID/5PAB8IkB9oQNqGFPz2mLxlTYAX1/5AACgABAAAAJgAD/5PP
    5FQQ3DldhWhJoQ8ibTPUzoydXhoS/R//kAAKAAEAAAAeAQP/k8AfODgfgDAiGhMDfmGMjI//kAAKAAEAAAAhAgP/k8AHwiQH2hA2
    oYU/PaYvGVNgBfX/kAAKAAIAAAAlAAP/k8/kUAN7K9Vhd2pIygmcgFC1u8n1/zWY/5AACgACAAAAHgED/5PAHzg4H4AwIhoTA35h
    jIyP/5AACgACAAAAIQID/5PAB8IkB9oQNqGFPz2mLxlTYAX1/5AACgADAAAAJQAD/5PP5FADes6yjYYa7OzDOFZswaloWkPIp/+Q
    AAoAAwAAAB4BA/+TwB84OB+AMCIaEwN+YYyMj/+QAAoAAwAAACECA/+TwAfCJAfaEDahhT89pi8ZU2AF9f/Z
    """

  /// Without one of its tile-parts an image would be black there.
  @Test func missingTilePartsOfJPEG2000() throws {
    let sound = Array(try #require(Data(base64Encoded: Self.tiled.replacing("\n", with: ""))))
    func values(_ codestream: [UInt8]) throws -> [Int32] {
      try decode(codestream, .jpeg2000Lossless, rows: 32, columns: 32, allocated: 16, stored: 12).pixels
    }
    let expected = (0..<1024).map { index in
      let (row, column) = (index / 32, index % 32)
      return Int32(100 * row + 7 * column + 400)
    }
    #expect(try values(sound) == expected)
    let starts = sound.indices.filter { sound[$0...].starts(with: [0xFF, 0x90, 0, 10]) } + [sound.count - 2]
    try #require(starts.count == 13)
    for (begin, end) in zip(starts, starts.dropFirst()) {
      let short = Array(sound[..<begin] + sound[end...])
      #expect(throws: DICOMPixelError.self) { try values(short) }
      let cut = Array(sound[..<begin])
      #expect(throws: DICOMPixelError.self) { try values(cut) }
      #expect(throws: DICOMPixelError.self) { try values(cut + [0xFF, 0xD9]) }
      #expect(throws: DICOMPixelError.self) {
        try values(cut + [UInt8](repeating: 0, count: sound.count - begin))
      }
    }
  }

  /// Sixteen-bit irreversible JPEG 2000 of twelve-bit values, black and white in blocks: decodes from -1200 to 5270
  /// before clipping. By OpenJPEG 2.5.2, compression ratio 8.
  private static let overshooting = """
    /0//UQApAAAAAAAgAAAAIAAAAAAAAAAAAAAAIAAAACAAAAAAAAAAAAABDwEB/1IADAAAAAEABQQEAAD/XAAjQrcgtvC28LbA
    rwCvAK7gp1CnUKdokAWQBZBHl9OX05di/2QAJQABQ3JlYXRlZCBieSBPcGVuSlBFRyB2ZXJzaW9uIDIuNS4y/5AACgAAAAAA
    bQAB/5PH/lAGCeTpgICAoPiHQfAoEitdAXAP0st0LB6rjgkdN4EQeBlR5t1qylmgmv2tdjd2mMBypAaoF20MhQAc7zjDCSQj
    r4KAQSmXhv4TYpI+mie9s3dlH3K1M/tjhW//Ef/Z
    """

  @Test func overshootOfJPEG2000IsClipped() throws {
    let codestream = Array(try #require(Data(base64Encoded: Self.overshooting.replacing("\n", with: ""))))
    func values(stored: Int) throws -> [Int32] {
      try decode(codestream, .jpeg2000, rows: 32, columns: 32, allocated: 16, stored: stored).pixels
    }
    let whole = try values(stored: 16)
    #expect(whole.max() == 5270)
    #expect(try values(stored: 12) == whole.map { min($0, 4095) })
  }

  // MARK: JPEG-LS

  /// 12 x 16 values (7 r^2 + 39 c^2 + r c) mod 2^bits, by CharLS 2.4.
  @Test(arguments: [
    (
      6,
      """
      /9j/9wALBgAMABABAREA/9oACAEBAAAAAIAAA3gAvCRs1xEdGGpvjJwBANBFo0IcAzoANMB+YKgGTGtYGTSFwJgAAIZQ4xcdgABP
      9ekrQa+5IuQAu72vX5BP1GIVOVMAAbUrz2uLsKqpjP9SxkqaT5UT0/VazBKihxC+Dl5dcIh3rZ+P6ENctripMyW8YPfAAKzJtbEU
      3ONbQP/Z
      """
    ),
    (
      7,
      """
      /9j/9wALBwAMABABAREA/9oACAEBAAAAAIAAAZgAIAAQlID2gWMWgpjETtUAgGgAgA0ABhAAJ7gAALOUOAAAJDAAACvEc02SrEJ4
      vAAATwA3fH4AAAb0RiInGDFYvzYzMd4oAAAcEP9MYC7QkD9/hsKgBRDw2BOwzPQLvVPNaVok0+e7oeT0YJAy5FgAAAXhCBKWa36r
      241IfOpeHBNXOAXnJLtf6FKYCB8epOsNRyeFJcQwLY2Od1G7FOD/2Q==
      """
    ),
  ])
  func jpegLSBelowEightBits(bits: Int, text: String) throws {
    let codestream = Array(try #require(Data(base64Encoded: text.replacing("\n", with: ""))))
    let expected = (0..<192).map { index in
      let (row, column) = (index / 16, index % 16)
      return Int32((7 * row * row + 39 * column * column + row * column) % (1 << bits))
    }
    for allocated in [8, 16] {
      let frame = try decode(
        codestream, .jpegLSLossless, rows: 12, columns: 16, allocated: allocated, stored: bits)
      #expect(frame.pixels == expected, "\(allocated) bits allocated")
    }
  }

  // MARK: RLE

  /// The control byte 128 stands for nothing (PS3.5 section G.3.2).
  @Test func emptyRunsOfRLE() throws {
    var header = [UInt8](repeating: 0, count: 64)
    (header[0], header[4]) = (1, 64)
    for packed in [
      [0x80, 2, 5, 6, 7, 0xFF, 9], [2, 5, 6, 7, 0x80, 0xFF, 9], [2, 5, 6, 7, 0x80, 0x80, 0, 9, 0, 9],
      [2, 5, 6, 7, 0xFF, 9, 0x80], [2, 5, 6, 7, 0xFD, 9],
    ] as [[UInt8]] {
      let frame = try decode(header + packed, .rleLossless, rows: 1, columns: 5, allocated: 8, stored: 8)
      #expect(frame.pixels == [5, 6, 7, 9, 9], "\(packed)")
    }
    for short in [[2, 5, 6, 7], [2, 5, 6, 7, 1], [4, 5, 6]] as [[UInt8]] {
      #expect(throws: DICOMPixelError.self, "\(short)") {
        try decode(header + short, .rleLossless, rows: 1, columns: 5, allocated: 8, stored: 8)
      }
    }
  }
}
