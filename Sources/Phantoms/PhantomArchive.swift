internal import Archive
public import DICOM
import Dispatch
import Files
import FoundationEssentials
internal import Tensors

public import struct Foundation.URL

/// An archive of phantoms on disk: DX and CR objects in several transfer syntaxes, bit depths, polarities and
/// windows, a lung SEG for each, and labels.csv.
public enum PhantomArchive {
  /// Writes `count` studies, each in a folder of its own, and `labels.csv`.
  ///
  /// Every second phantom has an opacity and is labelled pneumonia; every fifth is for validation. The same
  /// arguments give the same files.
  /// - Parameters:
  ///   - size: longer side of each picture in pixels, at least 64.
  ///   - directory: made if it isn't there; files of an earlier run are replaced.
  ///   - progress: called on the calling thread with studies done and studies in all.
  /// - Returns: the radiographs' paths relative to the directory.
  /// - Throws: ``PhantomError``; what was written so far stays.
  @discardableResult
  public static func write(
    count: Int, size: Int, seed: UInt64, to directory: URL, threads: Int? = nil,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(PhantomError) -> [String] {
    guard count > 0, (64...4096).contains(size) else { throw .badRequest(count: count, size: size) }
    var labels = "SOPInstanceUID,PatientID,Finding,Split\n"
    var paths: [String] = []
    progress(0, count)
    try concurrentMap(
      count: count, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, chunk: 16,
      transform: { position in
        Result { () throws(PhantomError) in
          try writeStudy(number: position + 1, size: size, seed: seed, to: directory)
        }
      },
      chunkDone: { (range: Range<Int>, written: [Result<Written, PhantomError>]) throws(PhantomError) in
        for result in written {
          let study = try result.get()
          labels += study.label + "\n"
          paths.append(study.path)
        }
        progress(range.upperBound, count)
      })
    let file = directory.appending(path: "labels.csv")
    do { try DurableFile.write(labels, to: file) } catch {
      throw .cannotWrite(path: file.path)
    }
    return paths
  }

  /// The phantom that ``write(count:size:seed:to:threads:progress:)`` stores under a number, from 1.
  public static func phantom(number: Int, size: Int, seed: UInt64) -> Phantom {
    // Neighbouring seeds must not share patients: each number draws a seed of its own.
    var random = SplitMix64(seed &+ UInt64(number) &* 0xD1B5_4A32_D192_ED03)
    let finding: Finding = number.isMultiple(of: 2) ? .pneumonia : .normal
    return Phantom(seed: random.next(), size: size, finding: finding)
  }

  private struct Written: Sendable {
    var path: String
    var label: String
  }

  private static func writeStudy(
    number: Int, size: Int, seed: UInt64, to directory: URL
  ) throws(PhantomError) -> Written {
    let phantom = phantom(number: number, size: size, seed: seed)
    let encoding = PhantomEncoding.all[(number - 1) % PhantomEncoding.all.count]
    let study = PhantomStudy(phantom, number: number, encoding: encoding)
    let name = "PHANTOM-" + PhantomStudy.name(number)
    let folder = directory.appending(path: name)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch { throw .cannotWrite(path: folder.path) }
    let file = encoding.isDX ? "dx.dcm" : "cr.dcm"
    try study.writeImage(to: folder.appending(path: file))
    try study.writeMask(to: folder.appending(path: "lungs.seg.dcm"))
    let uid = study.dataSet.string(.sopInstanceUID) ?? ""
    let split: Split = number.isMultiple(of: 5) ? .val : .train
    return Written(
      path: name + "/" + file, label: "\(uid),\(name),\(phantom.finding.rawValue),\(split.rawValue)")
  }
}

/// Why phantoms can't be written.
public enum PhantomError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Count below 1, or size outside 64...4096.
  case badRequest(count: Int, size: Int)
  /// The directory or a file in it can't be written.
  case cannotWrite(path: String)
  /// An object can't be written.
  case image(DICOMWriteError)
  /// A segmentation would be invalid.
  case invalid(path: String, reason: String)

  public var description: String {
    switch self {
    case .badRequest(let count, let size):
      "\(count) phantoms of \(size) pixels: at least 1 phantom and 64 to 4096 pixels are possible"
    case .cannotWrite(let path): "\(path): can't be written; check rights and space"
    case .image(let error): error.description
    case .invalid(let path, let reason): "\(path): \(reason)"
    }
  }

  /// Whether trying again without a change by the user may help.
  public var isRetryable: Bool {
    if case .image(let error) = self { error.isRetryable } else { false }
  }
}
