import Foundation
import Glibc
import Testing

/// What depends on rights means nothing for root, who has all of them. Where the tests run as root, those that say so run
/// once more here, in a process of a user who owns nothing.
@Suite("What depends on rights") struct RightsTests {
  /// As filters of swift-testing: those that are enabled for other users only.
  private static let tests = [
    "InboxWorkTests/notOurs", "SpoolTests/whatMayNotBeMovedIsCopied", "RetentionTests/stuck",
    "FolderWalkTests/rights", "ArchiveIndexTests/unreadableFolder",
  ]
  private static let nobody = "65534"

  /// This program where everybody may run it: a clone may lie in a folder that is root's own.
  private func program(in folder: TemporaryFolder) throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    var path = URL(filePath: own)
    while path.path != "/" {
      var status = stat()
      guard unsafe stat(path.path, &status) == 0, status.st_mode & 0o001 != 0 else {
        let copy = folder.url.appending(path: "tests")
        try FileManager.default.copyItem(atPath: own, toPath: copy.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: copy.path)
        return copy.path
      }
      path.deleteLastPathComponent()
    }
    return own
  }

  @Test(
    "holds for a user who hasn't all of them",
    .enabled(if: geteuid() == 0, "whoever isn't root has run them as himself"), .timeLimit(.minutes(10)))
  func asNobody() throws {
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/setpriv")
    process.arguments =
      ["--reuid=\(Self.nobody)", "--regid=\(Self.nobody)", "--clear-groups", try program(in: folder)]
      + ["--testing-library", "swift-testing"] + Self.tests.flatMap { ["--filter", $0] }
    process.currentDirectoryURL = URL(filePath: "/")
    let output = folder.url.appending(path: "output")
    try Data().write(to: output)
    let handle = try FileHandle(forWritingTo: output)
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    process.waitUntilExit()
    let text = try String(contentsOf: output, encoding: .utf8)
    #expect(process.terminationStatus == 0, "\(text)")
    #expect(text.contains("Test run with \(Self.tests.count) tests"), "\(text)")
    #expect(!text.contains(" skipped"), "\(text)")
  }
}
