public import Archive
public import DICOM
import Dispatch
import Files
import FoundationEssentials
import Glibc
import Tensors

public import struct Foundation.URL

/// An archive of phantoms on disk: DX and CR objects in several transfer syntaxes, bit depths, polarities and
/// windows, a lung SEG for each, and labels.csv.
public enum PhantomArchive {
  /// Writes `count` studies, each in a folder of its own, and `labels.csv`.
  ///
  /// By default every second phantom has an opacity and is labelled pneumonia; every fifth is for validation. With two sources
  /// the studies are dealt by twos to the folders `site-1` and `site-2`, so that of every twenty phantoms each source
  /// has one of either finding for validation. The same arguments give the same files; the same phantoms, whatever
  /// the number of sources.
  /// - Parameters:
  ///   - size: longer side of each picture in pixels, at least 64.
  ///   - sources: folders on the first level, by which figures are told apart; with 1 the studies themselves lie
  ///     there.
  ///   - findings: of the phantoms in turn. Phantoms of one number and seed differ in the opacity alone.
  ///   - directory: made if it isn't there; phantoms of an earlier run are replaced, and nothing else is.
  ///   - progress: called on the calling thread with studies done and studies in all.
  /// - Returns: the radiographs' paths relative to the directory.
  /// - Throws: ``PhantomError``; the directory is as it was before, but for what could be put into place until then.
  @discardableResult
  public static func write(
    count: Int, size: Int, seed: UInt64, sources: Int = 1, findings: [Finding] = alternating,
    to directory: URL,
    threads: Int? = nil,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(PhantomError) -> [String] {
    guard count > 0, (64...4096).contains(size) else { throw .badRequest(count: count, size: size) }
    guard (1...9).contains(sources) else { throw .badSources(sources) }
    precondition(!findings.isEmpty)
    // Drawn beside their places first, so that a place that is taken is known before anything is written.
    let drawings = directory.appending(path: ".phantoms-\(UInt32.random(in: .min ... .max))")
    defer { try? FileManager.default.removeItem(at: drawings) }
    var labels = labelsHeader + "\n"
    var paths: [String] = []
    progress(0, count)
    try concurrentMap(
      count: count, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, chunk: 16,
      transform: { position in
        Result { () throws(PhantomError) in
          try writeStudy(
            number: position + 1, size: size, seed: seed, sources: sources,
            finding: findings[position % findings.count], to: drawings, for: directory)
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
    let file = drawings.appending(path: labelsName)
    do { try DurableFile.write(labels, to: file) } catch {
      throw .cannotWrite(path: file.path)
    }
    let masks = paths.map {
      ($0.split(separator: "/").dropLast() + [Substring(maskName)]).joined(separator: "/")
    }
    try place(paths + masks + [labelsName], from: drawings, in: directory)
    return paths
  }

  private static let labelsName = "labels.csv"
  private static let labelsHeader = "SOPInstanceUID,PatientID,Finding,Split"
  private static let maskName = "lungs.seg.dcm"

  private static func place(
    _ files: [String], from drawings: URL, in directory: URL
  ) throws(PhantomError) {
    for file in files where !isFreeOrOurs(file, in: directory) {
      throw .occupied(path: directory.appending(path: file).path)
    }
    for file in files {
      let (from, to) = (drawings.appending(path: file), directory.appending(path: file))
      do {
        try FileManager.default.createDirectory(
          at: to.deletingLastPathComponent(), withIntermediateDirectories: true)
      } catch { throw .cannotWrite(path: to.path) }
      guard unsafe rename(from.path, to.path) == 0 else { throw .cannotWrite(path: to.path) }
    }
  }

  /// Whether nothing lies at a phantom's place, or a phantom: an object of the patient that the folder is called
  /// after, or labels as these phantoms have them, which nobody has changed.
  private static func isFreeOrOurs(_ file: String, in directory: URL) -> Bool {
    let place = directory.appending(path: file)
    guard FileManager.default.fileExists(atPath: place.path) else { return true }
    guard file == labelsName else {
      let study = file.split(separator: "/").dropLast().last.map(String.init)
      return (try? DICOMFile.header(of: place))?.string(.patientID) == study
    }
    guard let text = try? String(contentsOf: place, encoding: .utf8) else { return false }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.first.map(String.init) == labelsHeader && lines.last == ""
      && lines.dropFirst().dropLast().enumerated().allSatisfy { index, line in
        alternating.contains { finding in
          let label = "," + label(number: index + 1, finding)
          return line.hasSuffix(label) && UID(String(line.dropLast(label.count))) != nil
        }
      }
  }

  /// The phantom that ``write(count:size:seed:sources:findings:to:threads:progress:)`` stores under a number, from 1; with
  /// findings by turns where none is given.
  public static func phantom(
    number: Int, size: Int, seed: UInt64, finding: Finding? = nil
  ) -> Phantom {
    // Neighbouring seeds must not share patients: each number draws a seed of its own.
    var random = SplitMix64(seed &+ UInt64(number) &* 0xD1B5_4A32_D192_ED03)
    return Phantom(seed: random.next(), size: size, finding: finding ?? alternating[(number - 1) % 2])
  }

  private struct Written: Sendable {
    var path: String
    var label: String
  }

  private static func writeStudy(
    number: Int, size: Int, seed: UInt64, sources: Int, finding: Finding, to drawings: URL, for directory: URL
  ) throws(PhantomError) -> Written {
    let phantom = phantom(number: number, size: size, seed: seed, finding: finding)
    let encoding = PhantomEncoding.all[(number - 1) % PhantomEncoding.all.count]
    let study = PhantomStudy(phantom, number: number, encoding: encoding)
    let name = "PHANTOM-" + PhantomStudy.name(number)
    let place = sources > 1 ? "site-\((number - 1) / 2 % sources + 1)/\(name)" : name
    let folder = drawings.appending(path: place)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch { throw .cannotWrite(path: directory.appending(path: place).path) }
    let file = encoding.isDX ? "dx.dcm" : "cr.dcm"
    try study.writeImage(to: folder.appending(path: file))
    try study.writeMask(to: folder.appending(path: maskName))
    let uid = study.dataSet.string(.sopInstanceUID) ?? ""
    return Written(path: place + "/" + file, label: "\(uid),\(label(number: number, finding))")
  }

  /// PatientID, Finding and Split of the phantom with this number.
  private static func label(number: Int, _ finding: Finding) -> String {
    let split: Split = number.isMultiple(of: 5) ? .val : .train
    return "PHANTOM-\(PhantomStudy.name(number)),\(finding.rawValue),\(split.rawValue)"
  }

  /// Normal and pneumonia by turns.
  public static let alternating: [Finding] = [.normal, .pneumonia]
}

/// Why phantoms can't be written.
public enum PhantomError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Count below 1, or size outside 64...4096.
  case badRequest(count: Int, size: Int)
  /// Sources outside 1...9.
  case badSources(Int)
  /// The directory or a file in it can't be written.
  case cannotWrite(path: String)
  /// Something else lies where a file would go; nothing was written.
  case occupied(path: String)
  /// An object can't be written.
  case image(DICOMWriteError)
  /// A segmentation would be invalid.
  case invalid(path: String, reason: String)

  public var description: String {
    switch self {
    case .badRequest(let count, let size):
      "\(count) phantoms of \(size) pixels: at least 1 phantom and 64 to 4096 pixels are possible"
    case .badSources(let sources): "\(sources) sources: 1 to 9 are possible"
    case .cannotWrite(let path): "\(path): can't be written; check rights and space"
    case .occupied(let path):
      "\(path): is there already and is no phantom: take another --output, or move it away"
    case .image(let error): error.description
    case .invalid(let path, let reason): "\(path): \(reason)"
    }
  }

  /// Whether trying again without a change by the user may help.
  public var isRetryable: Bool {
    if case .image(let error) = self { error.isRetryable } else { false }
  }
}
