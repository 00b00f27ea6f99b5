internal import Foundation
internal import MultiMix

/// The CSV record of a training, one line per step, so that curves can be drawn and runs compared.
struct TrainingLog {
  private let url: URL
  private static let header =
    "step,size,learning_rate,classification,segmentation,mask_cross_entropy,pseudo_label,consistency,total,"
    + "confident,confident_pixels,weak_confidence,seconds\n"

  /// Continues the log of the first `steps` steps; what an interrupted run wrote after them is dropped.
  init(at url: URL, keeping steps: Int) throws {
    self.url = url
    var text = Self.header
    if steps > 0, let old = try? String(contentsOf: url, encoding: .utf8) {
      text = old.split(separator: "\n").prefix(steps + 1).map { $0 + "\n" }.joined()
    }
    try Data(text.utf8).write(to: url, options: .atomic)
  }

  func append(step: Int, size: Int, rate: Double, _ terms: LossTerms, seconds: Double) throws {
    let values = [
      rate, terms.classification, terms.segmentation, terms.maskCrossEntropy, terms.pseudoLabel,
      terms.consistency, terms.total, terms.confident, terms.confidentPixels, terms.weakConfidence,
    ]
    let line =
      "\(step),\(size)," + values.map { String(format: "%.9g", $0) }.joined(separator: ",")
      + String(format: ",%.3f\n", seconds)
    let handle = try FileHandle(forWritingTo: url)
    defer { try? handle.close() }
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(line.utf8))
  }
}
