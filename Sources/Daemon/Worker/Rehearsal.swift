package import Analysis
import Files
import FoundationEssentials
import Phantoms

/// What a worker reads before it reads strangers' files: a radiograph that the program draws itself, from its file to the
/// results. A model that can't be right is found out before it serves; and a worker that reads this one is well, so
/// that files on which others died are to blame themselves.
package enum Rehearsal {
  /// An adult's chest, as JPEG 2000.
  private static let (seed, size): (UInt64, Int) = (11, 256)

  /// How it went wrong.
  enum Failure {
    /// By the model.
    case model(String)
    /// By what lies around it: it isn't the model's fault.
    case surroundings(WriteFailure)
  }

  /// Draws the picture in `folder`, has it read, and removes the folder.
  /// - Returns: nil when all is well.
  static func failure(of analyser: Analyser, in folder: URL) -> Failure? {
    defer { try? FileManager.default.removeItem(at: folder) }
    let drawing = folder.appending(path: "drawing")
    do {
      let paths = try PhantomArchive.write(count: 1, size: size, seed: seed, to: drawing, threads: 1)
      let file = ReadFile(drawing.appending(path: paths[0]), wantsDigest: true)
      let image = analyser.read(PreparedImage(file, inputSize: analyser.inputSize))
      let (row, detail, _) = try analyser.finish(
        image, into: folder.appending(path: "results"), tensors: false, of: file.digest)
      return fault(of: row, detail).map {
        .model("it can't read a picture that the program drew itself: \($0)")
      }
    } catch {
      let failure = error as? WriteFailure
      return .surroundings(failure ?? WriteFailure(path: folder.path, message: "\(error)"))
    }
  }

  /// Whether a row may be that of a radiograph with two lungs. Pure.
  /// - Returns: what isn't plausible; nil when all is.
  package static func fault(of row: ReportRow, _ detail: String = "") -> String? {
    guard row.status == .analysed else { return "\(row.reasonCode) \(detail)" }
    guard let probability = row.pneumoniaProbability, (0...1).contains(probability) else {
      return "a probability of \(row.pneumoniaProbability.map { "\($0)" } ?? "nothing")"
    }
    guard let lungs = row.lungFraction, lungs > 0, lungs < 1 else {
      return "lungs that fill \(row.lungFraction.map { "\($0)" } ?? "nothing") of the picture"
    }
    return row.outputs.isEmpty ? "no results" : nil
  }
}
