package import Files
internal import FoundationEssentials

/// What tells pictures apart: SHA-256 over decoded frames and what makes them a picture (rows, columns, samples, bits
/// stored, sign, Photometric Interpretation). How they are compressed, laid out or padded to their bits makes no
/// difference where nothing was lost, and neither does any other attribute of the header.
///
/// Each frame is one line of text, such as `2048 2500 1 12 unsigned MONOCHROME2` ended by a line feed, and its values,
/// row-major, colour interleaved, each as 32 bits, little endian.
package struct PictureDigest: Sendable {
  private var running = ContentDigest.Running()

  package init() {}

  package mutating func add(_ frame: Frame) {
    let sign = frame.isSigned ? "signed" : "unsigned"
    running.add(
      "\(frame.rows) \(frame.columns) \(frame.samplesPerPixel) \(frame.bitsStored) \(sign) "
        + "\(frame.photometricInterpretation)\n")
    // Int32 in memory is what is described on every machine that this program runs on.
    unsafe frame.pixels.withUnsafeBytes { unsafe running.add($0) }
  }

  package func finished() -> ContentDigest { running.finished() }
}

extension DICOMFile {
  /// The digest of all frames; of nothing where there is none.
  package func pictureDigest() throws(DICOMPixelError) -> ContentDigest {
    var digest = PictureDigest()
    for index in 0..<numberOfFrames { digest.add(try frame(index)) }
    return digest.finished()
  }
}
