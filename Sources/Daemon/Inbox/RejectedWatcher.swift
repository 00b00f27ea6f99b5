import Files
import Logging
import ServiceLifecycle
import SystemPackage

/// Puts rejected files that changed since then back into the inbox, to be read again.
actor RejectedWatcher {
  private nonisolated let executor = QueueExecutor("rejected")
  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  private let folders: InboxFolders
  private var files: RejectedFiles
  /// What can't be moved back, each warned of once.
  private var left: Set<FilePath> = []
  var leftBehind: Int { left.count }
  private let logger: Logger
  private let interval: Duration

  init(_ configuration: DaemonConfiguration, logger: Logger) {
    self.logger = logger
    interval = max(.milliseconds(200), min(configuration.scanInterval / 4, .seconds(2)))
    folders = configuration.folders
    files = RejectedFiles(
      configuration.folders.rejected, settlingTime: configuration.settlingTime,
      scanInterval: configuration.scanInterval)
  }

  /// Looks from time to time, until it is cancelled or a stop is asked for.
  func keepLooking() async {
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      look(fileSystemTime: nil)
      do { try await Task.sleep(for: interval) } catch { return }
    }
  }

  func look(fileSystemTime: Int?) {
    for change in files.changed(fileSystemTime: fileSystemTime) {
      let file: Logger.Metadata = ["file": "\(LogTag(change.origin))"]
      do {
        try change.takeBack(to: FilePath(of: folders.inbox))
        logger.notice("changed after it was rejected; is read again", metadata: file)
      } catch  where left.insert(change.file).inserted {
        let why = error.concealingNames(in: folders)
        logger.warning(
          "changed after it was rejected, and can't be moved back into the inbox",
          metadata: file.merging(["why": "\(why)"]) { $1 })
      } catch {}
    }
  }
}
