import Files
package import FoundationEssentials
import Glibc
import SystemPackage

/// Staging folders that nothing lies in any more: rows that are read next get them under names of their own. That costs far
/// less than to have one made and removed for each, and a file system without a journal looks long for a new one while
/// many were removed lately.
package struct SpareFolders {
  private var folders: [URL] = []
  /// As many as are published together; more are needed by no one.
  private static let most = Answers.most

  package init() {}

  /// Takes the staging folder of a row that needs it no more; what lies in it yet goes, and the folder with it.
  package mutating func add(_ staging: URL, _ results: ResultDesk) {
    if folders.count < Self.most, OpenFolder(FilePath(of: staging))?.names()?.isEmpty == true {
      folders.append(staging)
    } else {
      results.clear(staging)
    }
  }

  /// Gives one to a row that is to be read; where there is none, its worker makes it.
  package mutating func give(to staging: URL, _ results: ResultDesk) {
    let folder = folders.popLast()
    if let folder, unsafe rename(folder.path, staging.path) == 0 { return }
    // Of a row that was read before, or of another ledger's.
    results.clear(staging)
    if let folder { results.clear(folder) }
  }

  /// Nobody will need them.
  package mutating func clear(_ results: ResultDesk) {
    for folder in folders { results.clear(folder) }
    folders = []
  }
}
