package import Files
import FoundationEssentials
import Glibc
import Ledger
package import SystemPackage

/// Notices on their way to somebody, beside the ledger: a file for each until it is taken, and how far the audit trail was
/// followed. A notice that is refused for good, or for too long, is kept as parked until somebody asks for it.
package struct NoticeQueue: Sendable {
  package struct Entry: Sendable, Equatable {
    package let number: Int64
    package let path: FilePath
  }

  private let folder: URL
  /// No more are laid down at a time; the trail keeps the rest.
  package static let most = 10_000
  private static let (ending, parkedEnding) = (".json", ".parked")

  package init(_ target: String, _ folders: InboxFolders) {
    folder = folders.ledger.appending(path: "notices").appending(path: target)
  }

  package var place: FilePath { FilePath(of: folder) }

  /// Makes the folder.
  package func create() throws(WriteFailure) { try Folder.create(folder) }

  // MARK: The trail

  private var mark: URL { folder.appending(path: "cursor") }

  /// The last line of the trail that was looked at; nil before the first time.
  package var cursor: Int64? {
    (try? String(contentsOf: mark, encoding: .utf8)).flatMap { Int64($0.prefix { !$0.isNewline }) }
  }

  package func keep(cursor: Int64) throws(WriteFailure) { try DurableFile.write("\(cursor)\n", to: mark) }

  // MARK: Notices

  /// So that names stand in the order of numbers.
  private static func name(_ number: Int64) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 19 - digits.count)) + digits
  }

  private func place(_ number: Int64, _ ending: String) -> URL {
    folder.appending(path: Self.name(number) + ending)
  }

  private func numbers(_ ending: String) -> [Int64] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter {
      $0.hasSuffix(ending) && !$0.hasPrefix(".")
    }.compactMap { Int64($0.dropLast(ending.count)) }.sorted()
  }

  package func add(_ notice: Notice) throws {
    try DurableFile.write(try notice.json, to: place(notice.notice, Self.ending))
  }

  /// Those that aren't taken yet, in order.
  package var waiting: [Entry] {
    numbers(Self.ending).map { Entry(number: $0, path: FilePath(of: place($0, Self.ending))) }
  }

  package var parked: Int { numbers(Self.parkedEnding).count }

  /// It was taken.
  package func remove(_ number: Int64) { unsafe unlink(place(number, Self.ending).path) }

  package func park(_ number: Int64) {
    _ = unsafe rename(place(number, Self.ending).path, place(number, Self.parkedEnding).path)
  }

  /// How long it has waited.
  package func age(of entry: Entry) -> Duration {
    guard let status = entry.path.status(followingLink: false) else { return .zero }
    return .seconds(time(nil) - status.st_mtim.tv_sec)
  }

  /// Lets what is parked go once more, or removes it.
  /// - Returns: how many notices that concerns.
  package func retry(givingUp: Bool) -> Int {
    let numbers = numbers(Self.parkedEnding)
    for number in numbers {
      let parked = place(number, Self.parkedEnding).path
      if givingUp {
        unsafe unlink(parked)
      } else {
        let waiting = place(number, Self.ending).path
        // Its time begins anew.
        _ = unsafe utimensat(AT_FDCWD, parked, nil, 0)
        _ = unsafe rename(parked, waiting)
      }
    }
    return numbers.count
  }
}
