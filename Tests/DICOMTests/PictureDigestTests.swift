import DICOM
import Testing

@Suite struct PictureDigestTests {
  private func frame(
    rows: Int = 2, columns: Int = 3, bitsAllocated: Int = 16, bitsStored: Int = 12, isSigned: Bool = false,
    _ photometric: String = "MONOCHROME2", _ pixels: [Int32] = [1, 2, 3, 4, 5, 6]
  ) -> Frame {
    Frame(
      rows: rows, columns: columns, samplesPerPixel: 1, bitsAllocated: bitsAllocated, bitsStored: bitsStored,
      isSigned: isSigned, photometricInterpretation: photometric, pixels: pixels)
  }

  private func digest(_ frames: Frame...) -> String {
    var digest = PictureDigest()
    for frame in frames { digest.add(frame) }
    return "\(digest.finished())"
  }

  /// Against `printf '2 3 1 12 unsigned MONOCHROME2\n'` and the values as `struct.pack("<6i", ...)`, by sha256sum.
  @Test func isWhatItsDescriptionSays() {
    #expect(digest(frame()) == "3e43d9b0340dd7782d91326af2e4eb4143e89aa8fa9f7cff2eb12131cfa944d9")
  }

  @Test func everythingThatMakesAPictureCounts() {
    let all = [
      digest(frame()), digest(frame(rows: 3, columns: 2)), digest(frame(bitsStored: 10)),
      digest(frame(isSigned: true)), digest(frame("MONOCHROME1")),
      digest(frame("MONOCHROME2", [1, 2, 3, 4, 5, 7])), digest(frame(), frame()), digest(),
    ]
    #expect(Set(all).count == all.count)
    // How many bits the file gives a value makes no difference.
    #expect(digest(frame(bitsAllocated: 32)) == digest(frame()))
  }
}
