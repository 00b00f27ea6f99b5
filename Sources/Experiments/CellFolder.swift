internal import Archive
internal import EvaluationMetrics
internal import Files
internal import Foundation
internal import Training

/// The files of one cell of an experiment.
struct CellFolder {
  let url: URL

  var training: URL { url.appending(path: "training", directoryHint: .isDirectory) }
  var plots: URL { url.appending(path: "plots", directoryHint: .isDirectory) }
  private var figures: URL { url.appending(path: "figures.json") }
  private var readings: URL { url.appending(path: "readings.json") }
  private var validations: URL { url.appending(path: "validation.csv") }

  /// The finished cell; nil where there is none, or where it can't be read.
  var record: CellRecord? {
    guard let data = try? Data(contentsOf: figures),
      var record = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any],
      let stored = record["configuration"] as? [String: Any],
      let configuration = try? TrainingConfiguration().changed(
        byJSON: JSONSerialization.data(withJSONObject: stored)),
      let complete = try? JSONSerialization.jsonObject(with: JSONEncoder().encode(configuration))
    else { return nil }
    // What an older version didn't know had its default.
    record["configuration"] = complete
    // Before revisions were written down, lanes came with the second.
    record["revision"] = record["revision"] ?? (stored["lanes"] == nil ? 1 : 2)
    return (try? JSONSerialization.data(withJSONObject: record)).flatMap {
      try? JSONDecoder().decode(CellRecord.self, from: $0)
    }
  }

  var log: LogColumns? {
    (try? String(contentsOf: training.appending(path: "log.csv"), encoding: .utf8)).map(LogColumns.init)
  }

  func savedReadings() -> [String: [Reading]] {
    guard let data = try? Data(contentsOf: readings) else { return [:] }
    return (try? JSONDecoder().decode([String: [Reading]].self, from: data)) ?? [:]
  }

  func create() throws(TrainingError) {
    try TrainingError.writing(plots) {
      try FileManager.default.createDirectory(at: plots, withIntermediateDirectories: true)
    }
  }

  /// The record goes last: where it is, all is.
  func save(_ record: CellRecord, _ rows: [String: [Evaluation.Row]]) throws(TrainingError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let pairs = try TrainingError.writing(url) {
      (try encoder.encode(rows.mapValues { $0.map(Reading.init) }), try encoder.encode(record))
    }
    try TrainingError.write(pairs.0, to: readings)
    try TrainingError.write(pairs.1, to: figures)
  }

  /// Adds a line to validation.csv. A resumed training may validate a step again; it says the same.
  func append(validation step: Int, _ figures: Evaluation.Figures) {
    let text = (try? String(contentsOf: validations, encoding: .utf8)) ?? "step,dice,auroc\n"
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("\(step),") }
    func number(_ value: Double?) -> String { value.map { String(format: "%.6f", $0) } ?? "" }
    let line = "\(step),\(number(figures.segmentation?.dice)),\(number(figures.classification?.auroc))"
    let whole = (lines + [Substring(line)]).joined(separator: "\n") + "\n"
    try? DurableFile.write(whole, to: validations)
  }

  var validation: LogColumns? {
    (try? String(contentsOf: validations, encoding: .utf8)).map(LogColumns.init)
  }
}
