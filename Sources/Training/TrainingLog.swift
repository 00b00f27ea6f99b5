internal import Files
internal import Foundation
internal import MultiMix

/// The CSV record of a training, one line per step, so that curves can be drawn and runs compared.
struct TrainingLog {
  private let url: URL
  private static let columns = [
    "step", "size", "learning_rate", "classification", "segmentation", "mask_cross_entropy", "pseudo_label",
    "consistency", "total", "confident", "confident_pixels", "weak_confidence", "seconds",
  ]

  /// Continues the log of the first `steps` steps; what an interrupted run wrote after them is dropped, and columns
  /// that an older version didn't have are 0.
  init(at url: URL, keeping steps: Int) throws {
    self.url = url
    var rows = [Self.columns.map { Substring($0) }]
    if steps > 0, let old = try? String(contentsOf: url, encoding: .utf8) {
      let lines = old.split(separator: "\n").prefix(steps + 1).map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
      }
      let places = Self.columns.map { name in lines.first?.firstIndex { $0 == name } }
      rows += lines.dropFirst().map { line in
        places.map { place in place.flatMap { line.indices.contains($0) ? line[$0] : nil } ?? "0" }
      }
    }
    let text = rows.map { $0.joined(separator: ",") + "\n" }.joined()
    try DurableFile.write(text, to: url)
  }

  func append(step: Int, size: Int, rate: Double, _ terms: LossValues, seconds: Double) throws {
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
