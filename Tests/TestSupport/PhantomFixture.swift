package import Archive
package import Foundation
import Phantoms

/// Eleven small phantoms on disk, written once for all tests that only read them.
package enum PhantomFixture {
  package static let count = 11
  package static let seed: UInt64 = 7
  private static let written = Result {
    let url = temporaryDirectory()
    try PhantomArchive.write(count: count, size: 96, seed: seed, to: url)
    return url
  }
  package static var directory: URL { get throws { try written.get() } }

  /// A fresh empty directory.
  package static func temporaryDirectory() -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "mmdicom-archive-\(UUID().uuidString)")
    do { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) } catch {
      fatalError("no temporary directory: \(error)")
    }
    return url
  }

  /// A copy of the phantoms that a test may change.
  package static func copy() throws -> URL {
    let url = temporaryDirectory().appending(path: "archive")
    try FileManager.default.copyItem(at: directory, to: url)
    return url
  }

  /// The archive of real radiographs, where there is one.
  package static let realArchive = TestEnvironment.shared?.appending(path: "data/archive")
}

extension ArchiveIndex {
  package func problems(_ kind: ArchiveProblem.Kind) -> [ArchiveProblem] {
    problems.filter { $0.kind == kind }
  }
}

package func mean(_ values: [Float]) -> Float {
  var sum: Float = 0
  for value in values { sum += value }
  return sum / Float(max(values.count, 1))
}
