public import Analysis
public import DICOMNetwork
public import FoundationEssentials
package import Ledger
public import Logging

/// What the daemon is told by its configuration. `etc/mmdicom.yaml` describes every key.
public struct DaemonConfiguration: Sendable, Equatable {
  public var folders: InboxFolders
  /// The database that holds the ledger, for several hosts; nil: a file does.
  package var database: PostgresAddress?
  /// The model file; nil looks for the installed one.
  public var model: URL?
  /// SHA-256 that the model's file must have, hexadecimal; nil for any.
  public var modelSHA256: String?
  /// Worker processes that read.
  public var workers = 1
  /// Also write `<SOPInstanceUID>.safetensors`.
  public var tensors = false
  /// Which results an image gets, and how they are made.
  public var results = ResultOptions()
  /// Threads for inference in each worker; 0 shares the cores out among them.
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
  /// Whether `report.csv` holds the rows of the present day, and those of earlier days stand beside it.
  public var reportsByDay = false
  /// What the report says of patients.
  package var reportPatients = PatientColumns.kept
  /// What a worker may use up.
  public var workerLimits = WorkerLimits()
  /// Which study is read next.
  package var order = DrawOrder.fair
  /// Nothing is taken in while a disk of spool, outbox or ledger is fuller than this, in percent; 100: never stops ...
  public var diskStopPercent = 95.0
  /// ... until all are emptier than this.
  public var diskResumePercent = 90.0
  /// How objects are taken in from the network; nil: none are.
  public var reception: ReceptionSettings?
  /// Time to finish the current file after a request to stop.
  public var stopTimeLimit = Duration.seconds(30)
  /// How long what is done is kept.
  public var retention = RetentionRules()
  /// Shell patterns for names of files that aren't touched.
  public var ignoredNames = ["*.part", "*.partial", "*.tmp", "*.filepart", "*.crdownload"]
  public var logLevel = Logger.Level.info
  /// Where results go beside the outbox.
  public var delivery = DeliverySettings()
  /// Who is told of what happens.
  public var notification = NotificationSettings()
  /// What this node calls itself to others.
  public var aeTitle = "MMDICOM"
  /// What it shows under TLS, and whom it trusts.
  public var tls = TLSSettings()
  /// Where health, metrics and the status page are served; nil: nowhere.
  package var http: HTTPSettings?
  /// What file and environment say, key by key, for the status page.
  package var stated: [StatedValue] = []

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
