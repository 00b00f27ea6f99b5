import Daemon
import Files
import Foundation
import Logging
import SystemPackage
import Testing

/// A single run over an inbox in which much is known already.
@Suite struct WatcherPortionTests {
  @Test func aPortionOfKnownFilesDoesntHideWhatComesBehindIt() async throws {
    let fixture = try DeliveryFixture()
    var configuration = DaemonConfiguration.onAnyDisk(fixture.folders)
    configuration.settlingTime = .zero
    let logger = Logger(label: "test") { _ in RecordingLog() }
    var copied = CopiedFiles(fixture.folders)
    // More than are handed out at a time, and all were copied by an earlier run.
    for number in 1000..<2100 { copied.add(try fixture.drop("\(number)", "x")) }
    try copied.save()
    _ = try fixture.drop("new", "y")
    let watcher = InboxWatcher(configuration, runsOnce: true, logger: logger)
    await watcher.start(after: 0, fileSystemTime: nil)
    var drawn: [String] = []
    while true {
      await watcher.look()
      drawn += watcher.draw(2000, room: .max).map(\.file.path.text)
      if watcher.isEmpty, await watcher.hasNothingToWaitFor() { break }
    }
    #expect(drawn == ["new"])
  }
}
