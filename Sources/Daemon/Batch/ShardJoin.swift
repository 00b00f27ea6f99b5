import Analysis
import Files
public import FoundationEssentials
import SystemPackage

/// Makes one folder of results, with one report, of those of all shards. Cut off, it goes on when it is called again:
/// files are moved first, then the report is written under a name of its own, which says that all is there; then the
/// shards' folders go, and in the end the report gets its name. A shard that holds an image which a shard
/// before it had, too, stays as `repeated-K-of-N`, with its report and the results that weren't taken.
public struct ShardJoin: Sendable {
  /// Images that a shard before had already: their first result is kept.
  public private(set) var repeated: [String] = []
  private var holdsRepeated: Set<URL> = []

  /// - Throws: ``ShardFailure``; nothing has been moved unless it is `cannotWrite`.
  public init(_ output: URL) throws(ShardFailure) {
    let joined = output.appending(path: ".joined")
    let place = output.appending(path: "report.csv")
    // A call that was cut off behind it has but the folders left to remove.
    let isJoined = FileManager.default.fileExists(atPath: joined.path)
    let shards = isJoined ? Self.present(in: output) : try Self.shards(in: output)
    guard !FileManager.default.fileExists(atPath: place.path) else { throw .occupied(place.path) }
    do {
      if isJoined {
        try findRepeated(in: shards, besides: joined)
      } else {
        try DurableFile.write(report(of: shards, into: output), to: joined)
      }
      for shard in shards {
        if holdsRepeated.contains(shard) {
          try FileManager.default.moveItem(
            at: shard, to: output.appending(path: "repeated-\(shard.lastPathComponent)"))
        } else {
          try FileManager.default.removeItem(at: shard)
        }
      }
      try Move.replacing(FilePath(of: joined), FilePath(of: place))
    } catch let failure as ShardFailure {
      throw failure
    } catch let failure as WriteFailure {
      throw .cannotWrite("\(failure.path): \(failure.reason)")
    } catch {
      throw .cannotWrite("\(output.path): \(error)")
    }
  }

  /// Moves the results of every row, and returns the rows.
  private mutating func report(of shards: [URL], into output: URL) throws -> String {
    var report = ReportCSV.header
    var seen: Set<String> = []
    for shard in shards {
      var own: Set<String> = []
      for record in try Self.records(of: shard) {
        let fields = ReportMerge.fields(ofLine: record)
        let key = ReportMerge.key(ofFields: fields)
        guard !seen.contains(key) else {
          repeated.append(key)
          holdsRepeated.insert(shard)
          continue
        }
        own.insert(key)
        try Self.move(fields, from: shard, to: output)
        report += record
      }
      seen.formUnion(own)
    }
    return report
  }

  /// The same of an earlier call: what it didn't take isn't in its report.
  private mutating func findRepeated(in shards: [URL], besides joined: URL) throws {
    let taken = Set(try ReportFile(at: joined).records(from: 0))
    for shard in shards {
      for record in try Self.records(of: shard) where !taken.contains(record) {
        repeated.append(ReportMerge.key(ofFields: ReportMerge.fields(ofLine: record)))
        holdsRepeated.insert(shard)
      }
    }
  }

  private static func places(in output: URL) -> [(number: Int, count: Int)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: output.path)) ?? []
    return names.compactMap { ShardFolder.place($0) }
  }

  private static func present(in output: URL) -> [URL] {
    places(in: output).map { ShardFolder.folder($0.number, of: $0.count, in: output) }
  }

  /// The folders of all shards, in order, each complete.
  private static func shards(in output: URL) throws(ShardFailure) -> [URL] {
    let places = places(in: output)
    let counts = Set(places.map(\.count)).sorted()
    guard let count = counts.first else { throw .none(output.path) }
    guard counts.count == 1 else { throw .mixed(output.path, counts: counts) }
    let folders = (1...count).map { ShardFolder.folder($0, of: count, in: output) }
    let missing = (1...count).filter {
      !FileManager.default.fileExists(atPath: ShardFolder.mark(folders[$0 - 1]).path)
    }
    guard missing.isEmpty else { throw .missing(output.path, numbers: missing, count: count) }
    return folders
  }

  /// The records of a shard's report, each with its line end; one that read no file has none.
  private static func records(of shard: URL) throws -> [String] {
    let url = shard.appending(path: "report.csv")
    guard FileManager.default.fileExists(atPath: url.path) else { return [] }
    let report = try ReportFile(at: url)
    return Array(try report.records(from: 0).dropFirst())
  }

  /// What a record names, unless it was moved before an earlier call was cut off.
  private static func move(_ fields: [String], from shard: URL, to output: URL) throws {
    guard let column = ReportRow.header.firstIndex(of: "outputs"), fields.count > column else { return }
    for name in fields[column].split(separator: ";").map(String.init) {
      let (from, to) = (shard.appending(path: name), output.appending(path: name))
      guard FileManager.default.fileExists(atPath: from.path) else { continue }
      try Move.replacing(FilePath(of: from), FilePath(of: to))
    }
  }
}
