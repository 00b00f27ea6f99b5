public import Analysis
public import FoundationEssentials
package import Ledger
public import Logging

/// What the daemon is told by its configuration. `etc/mmdicom.yaml` describes every key.
public struct DaemonConfiguration: Sendable, Equatable {
  public var folders: InboxFolders
  /// The model file; nil looks for the installed one.
  public var model: URL?
  /// Also write `<SOPInstanceUID>.safetensors`.
  public var tensors = false
  /// Which results an image gets, and how they are made.
  public var results = ResultOptions()
  /// Threads for inference; 0 leaves one core to decoding and drawing.
  public var threads = 0
  /// A file that nobody closed or renamed counts as written when unchanged for this long.
  public var settlingTime = Duration.seconds(5)
  /// Time between scans of the inbox.
  public var scanInterval = Duration.seconds(10)
  /// A study is complete when no file of it came for this long.
  public var studyQuietTime = Duration.seconds(2)
  /// A study is analysed at the latest when its first file has waited for this long.
  public var studyLongestWait = Duration.seconds(60)
  /// A file that takes longer costs the worker its life.
  public var workerTimeLimit = Duration.seconds(120)
  /// Which study is read next.
  package var order = DrawOrder.fair
  /// Time to finish the current file after a request to stop.
  public var stopTimeLimit = Duration.seconds(30)
  /// Shell patterns for names of files that aren't touched.
  public var ignoredNames = ["*.part", "*.partial", "*.tmp", "*.filepart", "*.crdownload"]
  public var logLevel = Logger.Level.info

  /// The defaults for these folders.
  public init(folders: InboxFolders) {
    self.folders = folders
  }
}

/// Why a configuration can't be used; names the file or the key.
public struct ConfigurationFailure: Error, Equatable, Sendable, CustomStringConvertible {
  public let description: String
  /// The file isn't there, as opposed to wrong.
  public let isMissing: Bool

  package init(_ description: String, isMissing: Bool = false) {
    self.description = description
    self.isMissing = isMissing
  }
}
