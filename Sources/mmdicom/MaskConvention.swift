internal import Files
import Foundation

/// What a source's lung masks are masks of. A Dice against the other convention is about 0.9 at best, so that figures name
/// it where it is known. Objects don't tell: a file says it, source by source.
enum MaskConvention: String, Sendable, Codable, CaseIterable {
  /// The lungs with what heart and diaphragm hide of them.
  case whole
  /// Lung fields as they are seen, without the heart.
  case visible

  /// Reads a CSV file with the columns `Source` and `MaskConvention`; other columns are passed over.
  /// - Throws: 66 where there is no such file, 65 where it doesn't say that.
  static func read(_ url: URL) throws(CommandFailure) -> [String: MaskConvention] {
    guard let data = FileManager.default.contents(atPath: url.path) else {
      throw CommandFailure(.noInput, "\(url.path): can't be read")
    }
    let records = CommaSeparatedValues(String(decoding: data, as: UTF8.self)).records
    func column(_ name: String) throws(CommandFailure) -> Int {
      guard let column = records.first?.fields.firstIndex(where: { $0.lowercased() == name.lowercased() })
      else {
        throw CommandFailure(.badData, "\(url.path): no \(name) column in the first line")
      }
      return column
    }
    let (source, convention) = (try column("Source"), try column("MaskConvention"))
    var found: [String: MaskConvention] = [:]
    for record in records.dropFirst() {
      guard record.fields.indices.contains(max(source, convention)),
        let known = MaskConvention(rawValue: record.fields[convention].lowercased())
      else {
        let words = allCases.map(\.rawValue).joined(separator: " or ")
        throw CommandFailure(.badData, "\(url.path): line \(record.line): a source and \(words)")
      }
      found[record.fields[source]] = known
    }
    return found
  }
}
