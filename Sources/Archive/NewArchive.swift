internal import Files
internal import FoundationEssentials
internal import SystemPackage

/// A folder that an archive is written to, which nothing lay in.
struct NewArchive: Sendable {
  private let root: URL

  init(at directory: URL) throws(ExchangeError) {
    root = directory
    let names = try? FileManager.default.contentsOfDirectory(atPath: directory.path)
    if let names, !names.isEmpty { throw .occupied(path: directory.path) }
    do throws(WriteFailure) { try Folder.create(directory) } catch {
      throw .cannotWrite(path: directory.path, why: error.reason)
    }
  }

  /// Where a file goes, whose folder is made.
  func url(_ path: String) throws(PictureProblem) -> URL {
    let url = root.appending(path: path)
    do throws(WriteFailure) { try Folder.create(url.deletingLastPathComponent()) } catch {
      throw PictureProblem("can't be written: \(error.reason)")
    }
    return url
  }

  func writeLabels(_ table: [[String]]) throws(ExchangeError) {
    let file = root.appending(path: "labels.csv")
    do { try DurableFile.write(CommaSeparatedValues.text(table), to: file) } catch {
      throw .cannotWrite(path: file.path, why: error.reason)
    }
  }
}
