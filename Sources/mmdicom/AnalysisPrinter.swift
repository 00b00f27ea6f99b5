import Analysis
import Daemon
import FoundationEssentials
import Synchronization

/// Prints what became of each image as soon as it is known, as text or as one JSON document.
final class AnalysisPrinter: Sendable {
  private let isJSON: Bool
  private let output: URL
  private let progress = ProgressLine()
  private let printed = Mutex(0)

  init(isJSON: Bool, output: URL) {
    self.isJSON = isJSON
    self.output = output
    progress.begin("analyse")
  }

  @Sendable func print(_ event: BatchAnalysis.Event) {
    let count = printed.withLock { count in
      count += 1
      return count
    }
    if event.row.status != .analysed {
      progress.note("mmdicom: \(event.path): \(event.detail) [\(event.row.reasonCode)]")
    } else if !event.detail.isEmpty {
      progress.note("mmdicom: \(event.path): note: \(event.detail)")
    }
    if isJSON {
      let opening = count == 1 ? "{\"images\":[\n" : ","
      progress.result(opening + JSONDocument.text(ImageDocument(event)))
    } else if event.row.status == .analysed {
      progress.result(line(event))
    }
    progress.update(count, of: event.total)
  }

  /// Ends the output: where the report lies and how many images ended how.
  func finish(_ tally: Tally, report: URL) {
    progress.finish()
    if isJSON {
      let opening = printed.withLock { $0 == 0 } ? "{\"images\":[" : ""
      Terminal.result(
        "\(opening)],\"counts\":\(JSONDocument.text(tally)),\"report\":\(JSONDocument.text(report.path))}\n")
    } else {
      Terminal.result(
        "\(tally.analysed) analysed, \(tally.notAnalysed) not analysed, \(tally.rejected) rejected; "
          + "report: \(report.path)\n")
    }
  }

  private func line(_ event: BatchAnalysis.Event) -> String {
    let probability = event.row.fields[9]
    let lungs = event.row.lungFraction.map { ", lungs \(Int(($0 * 100).rounded())) %" } ?? ""
    let preview =
      event.row.outputs.first { $0.hasSuffix(".png") }.map { output.appending(path: $0).path } ?? ""
    return
      "\(event.path): \(event.row.finding ?? ""), pneumonia probability \(probability)\(lungs), \(preview)"
  }
}

/// A row of the report as a JSON object: the report's column names, numbers as numbers, absent ones left out.
private struct ImageDocument: Encodable {
  private let event: BatchAnalysis.Event

  init(_ event: BatchAnalysis.Event) {
    self.event = event
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    let numbers: Set<String> = ["pneumonia_probability", "lung_fraction", "lung_area_mm2", "seconds"]
    try container.encode(event.path, forKey: Key("path"))
    try container.encode(event.detail, forKey: Key("detail"))
    for (name, text) in zip(ReportRow.header, event.row.fields) where !text.isEmpty && name != "outputs" {
      if numbers.contains(name), let number = Double(text) {
        try container.encode(number, forKey: Key(name))
      } else {
        try container.encode(text, forKey: Key(name))
      }
    }
    try container.encode(event.row.outputs, forKey: Key("outputs"))
  }
}
