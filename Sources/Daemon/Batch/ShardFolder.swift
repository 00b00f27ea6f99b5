public import Files
public import FoundationEssentials

/// The results of one of several tasks that read parts of the same inputs: `shard-2-of-8` below the folder that all
/// results will be joined in.
public enum ShardFolder {
  public static func folder(_ number: Int, of count: Int, in output: URL) -> URL {
    output.appending(path: "shard-\(number)-of-\(count)", directoryHint: .isDirectory)
  }

  /// Its name says the number and the count; nil where it doesn't.
  static func place(_ name: String) -> (number: Int, count: Int)? {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "shard", parts[2] == "of", let number = Int(parts[1]),
      let count = Int(parts[3]), (1...max(1, count)).contains(number)
    else { return nil }
    return (number, count)
  }

  /// Where it lies, the task has come to its end.
  static func mark(_ folder: URL) -> URL { folder.appending(path: ".complete") }

  /// A task begins, perhaps anew.
  public static func begin(_ folder: URL) throws(WriteFailure) {
    try? FileManager.default.removeItem(at: mark(folder))
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw WriteFailure(path: folder.path, message: "its folder can't be made")
    }
  }

  public static func end(_ folder: URL) throws(WriteFailure) { try DurableFile.write("", to: mark(folder)) }
}

/// Why shards can't be joined.
public enum ShardFailure: Error, Equatable, Sendable, CustomStringConvertible {
  case none(String)
  /// Shards of different counts lie side by side.
  case mixed(String, counts: [Int])
  /// Tasks that have not come to their end.
  case missing(String, numbers: [Int], count: Int)
  /// A report lies there already, which no shard wrote.
  case occupied(String)
  case cannotWrite(String)

  public var isUnwritable: Bool { if case .cannotWrite = self { true } else { false } }

  public var description: String {
    switch self {
    case .none(let path): "\(path): no shards in it"
    case .mixed(let path, let counts):
      "\(path): shards of \(counts.map(String.init).joined(separator: " and of ")): remove those of an earlier run"
    case .missing(let path, let numbers, let count):
      "\(path): not complete: shard \(numbers.map(String.init).joined(separator: ", ")) of \(count); run "
        + (numbers.count == 1 ? "it" : "them") + " again"
    case .occupied(let path): "\(path): is there already: join into a folder of its own"
    case .cannotWrite(let what): what
    }
  }
}
