import Files
import Foundation

/// The one rule for the files that commands write: a command never writes over what it didn't make.
///
/// A file that is there already is replaced only when nothing in it would change, or when its content shows that the
/// same command wrote it (`isOurs`). Otherwise the command ends before it writes anything, names the file, and says
/// what to do.
enum OutputFile {
  /// Whether a text is the same command's: it begins with the same line, such as a table's columns.
  static func hasFirstLine(_ line: some StringProtocol) -> (Data) -> Bool {
    {
      $0.starts(with: Data(line.utf8)) && $0.count > line.utf8.count
        && $0[$0.startIndex + line.utf8.count].isLineEnd
    }
  }

  /// Whether a text is a JSON object with these keys.
  static func hasKeys(_ keys: String...) -> (Data) -> Bool {
    { data in
      guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else { return false }
      return keys.allSatisfy { object[$0] != nil }
    }
  }

  /// - Throws: 73 where the file is there and isn't ours.
  static func requireOurs(
    _ url: URL, option: String = "--output", _ isOurs: (Data) -> Bool
  ) throws(CommandFailure) {
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    if let content = FileManager.default.contents(atPath: url.path), isOurs(content) { return }
    throw CommandFailure(
      .cannotCreate,
      "\(url.path): is there already, and this command didn't write it: take another \(option), or move it away"
    )
  }

  /// Writes a whole file that nothing tells from a stranger's, such as a model: one that is there stays.
  static func write(_ data: Data, to path: String, option: String) throws(CommandFailure) {
    let url = URL(filePath: path)
    if FileManager.default.fileExists(atPath: url.path) {
      guard FileManager.default.contents(atPath: url.path) == data else {
        throw CommandFailure(
          .cannotCreate,
          "\(path): is there already, with other content: take another \(option), or move it away")
      }
      return
    }
    do { try DurableFile.write(data, to: url) } catch {
      throw CommandFailure(.cannotCreate, "\(path): can't be written")
    }
  }
}

extension UInt8 {
  fileprivate var isLineEnd: Bool { self == UInt8(ascii: "\n") || self == UInt8(ascii: "\r") }
}
