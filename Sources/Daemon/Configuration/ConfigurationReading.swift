import Configuration
import DICOMNetwork
public import FoundationEssentials
import Ledger
import Logging
import Synchronization

extension DaemonConfiguration {
  /// Every key, in the order of `etc/mmdicom.yaml`.
  package static let keys = [
    "inbox", "outbox", "done", "rejected", "ledger", "host", "model", "model_sha256", "results",
    "capture_frames",
    "capture_longest_side", "capture_encoding", "unstated", "tensors", "workers", "threads",
    "settle_seconds", "scan_seconds",
    "study_quiet_seconds", "study_wait_seconds", "order", "report_by_day", "report_patients",
    "report_key_file",
    "worker_timeout_seconds", "worker_memory_mb", "worker_processor_seconds", "disk_stop_percent",
    "disk_resume_percent", "keep_days", "keep_done_days", "keep_gigabytes", "stop_seconds", "ignore",
    "log_level", "destinations", "delivery_rules", "delivery_secrets", "delivery_commitment",
    "delivery_commitment_seconds", "delivery_seconds", "ae_title", "tls_certificate", "tls_key",
    "tls_authorities", "tls_verify", "receive", "receive_from", "receive_addresses", "receive_objects",
    "receive_associations", "receive_timeout_seconds", "receive_idle_seconds", "receive_object_mb",
    "notify", "notify_on", "notify_identity", "notify_secrets",
    "http", "http_token_file", "http_certificate", "http_key",
  ]

  /// Reads a YAML file, each key of which the environment variable `MMDICOM_` + key overrides.
  /// - Parameters:
  ///   - file: nil when there is none; then everything comes from the environment and the defaults.
  ///   - environment: the environment's variables.
  public static func read(
    file: URL?, environment: [String: String]
  ) async throws(ConfigurationFailure) -> DaemonConfiguration {
    try EnvironmentVariables.requireKnown(environment)
    let name = file?.path ?? "environment"
    var providers: [any ConfigProvider] = [
      EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "mmdicom")
    ]
    if let file { providers.append(try await yaml(file)) }
    let values = ConfigurationValues(providers, name: name, environment: environment)
    var configuration = try DaemonConfiguration(values)
    try configuration.requireSeparateFolders(values)
    configuration.stated = StatedValue.all(values)
    return configuration
  }

  private static func yaml(_ file: URL) async throws(ConfigurationFailure) -> any ConfigProvider {
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw ConfigurationFailure("\(file.path): no such file", isMissing: true)
    }
    try requireSingleKeys(file)
    // Asking which keys are secret is the provider's way to show which keys are there.
    let seen = Mutex<Set<String>>([])
    let options = YAMLSnapshot.ParsingOptions(
      secretsSpecifier: .dynamic { key, _ in
        seen.withLock { _ = $0.insert(key) }
        return false
      })
    let provider: FileProvider<YAMLSnapshot>
    do {
      let place = ConfigReader(
        provider: InMemoryProvider(values: [["filePath"]: ConfigValue(.string(file.path), isSecret: false)]))
      provider = try await FileProvider(parsingOptions: options, config: place)
    } catch {
      throw ConfigurationFailure("\(file.path): \(oneLine("\(error)"))")
    }
    let unknown = seen.withLock { $0.subtracting(keys).sorted() }
    guard unknown.isEmpty else {
      let similar = unknown.first.flatMap { SimilarName.of($0, among: keys) }
      throw ConfigurationFailure(
        "\(file.path): unknown key \(unknown.joined(separator: ", "))"
          + (similar.map { "; did you mean \($0)?" } ?? ""))
    }
    return provider
  }

  /// The YAML library answers a key that is there twice with the whole file.
  private static func requireSingleKeys(_ file: URL) throws(ConfigurationFailure) {
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return }
    var lines: [String: Int] = [:]
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      // Keys of the outermost level, which are the only ones there are; quoted or not.
      guard let first = line.first, !first.isWhitespace, !"#-".contains(first),
        let colon = line.firstIndex(of: ":")
      else { continue }
      let key = line[..<colon].filter { !"\"' ".contains($0) }
      if let earlier = lines.updateValue(index + 1, forKey: key) {
        throw ConfigurationFailure(
          "\(file.path):\(index + 1): \(key) is there already, in line \(earlier): keep one of the two")
      }
    }
  }

  private static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix { $0 == " " } }.joined(separator: " ")
  }

  private init(_ values: ConfigurationValues) throws(ConfigurationFailure) {
    let inbox = try values.requiredFolder("inbox")
    let beside = inbox.deletingLastPathComponent()
    self.init(
      folders: InboxFolders(
        inbox: inbox, outbox: try values.requiredFolder("outbox"),
        done: try values.folder("done") ?? beside.appending(path: "done"),
        rejected: try values.folder("rejected") ?? beside.appending(path: "rejected"),
        ledger: try values.ledgerFolder()))
    database = try values.database()
    folders.host = try values.host(database)
    model = try values.folder("model")
    if let digest = try values.text("model_sha256") {
      guard digest.utf8.count == 64, digest.allSatisfy(\.isHexDigit) else {
        throw values.failure("model_sha256", "is '\(digest)'; it must be 64 hexadecimal digits")
      }
      modelSHA256 = digest.lowercased()
    }
    workers = try values.integer("workers", in: 1...64) ?? workers
    tensors = try values.flag("tensors") ?? tensors
    threads = try values.integer("threads", in: 0...256) ?? threads
    settlingTime = try values.seconds("settle_seconds", in: 0...3600) ?? settlingTime
    scanInterval = try values.seconds("scan_seconds", in: 0.1...3600) ?? scanInterval
    studyQuietTime = try values.seconds("study_quiet_seconds", in: 0...3600) ?? studyQuietTime
    studyLongestWait = try values.seconds("study_wait_seconds", in: 0...86400) ?? studyLongestWait
    workerTimeLimit = try values.seconds("worker_timeout_seconds", in: 1...86400) ?? workerTimeLimit
    diskStopPercent = try values.percent("disk_stop_percent") ?? diskStopPercent
    diskResumePercent = try values.percent("disk_resume_percent") ?? min(diskResumePercent, diskStopPercent)
    guard diskResumePercent <= diskStopPercent else {
      throw values.failure(
        "disk_resume_percent",
        "is \(diskResumePercent), more than disk_stop_percent (\(diskStopPercent)): intake would never stop")
    }
    if let megabytes = try values.integer("worker_memory_mb", in: 0...1_048_576) {
      guard megabytes == 0 || megabytes >= 1024 else {
        throw values.failure(
          "worker_memory_mb", "is '\(megabytes)'; a worker needs 1024 at least, and 0 is no limit")
      }
      workerLimits.memory = megabytes << 20
    }
    workerLimits.processorSeconds =
      try values.integer("worker_processor_seconds", in: 0...86400) ?? workerLimits.processorSeconds
    stopTimeLimit = try values.seconds("stop_seconds", in: 0...3600) ?? stopTimeLimit
    retention.days = try values.integer("keep_days", in: 0...36500) ?? retention.days
    retention.doneDays = try values.integer("keep_done_days", in: 0...36500) ?? retention.doneDays
    retention.bytes = (try values.integer("keep_gigabytes", in: 0...1_000_000) ?? 0) * 1_000_000_000
    ignoredNames = try values.list("ignore") ?? ignoredNames
    reportsByDay = try values.flag("report_by_day") ?? reportsByDay
    reportPatients = try values.patientColumns()
    order = try values.choice("order") ?? order
    results = try values.resultOptions(results)
    delivery = try values.deliverySettings()
    tls = try values.tlsSettings()
    reception = try values.reception(tls)
    aeTitle = try values.aeTitle() ?? reception?.address.aeTitle ?? aeTitle
    if let level = try values.text("log_level") {
      guard let known = Logger.Level(rawValue: level) else {
        let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        throw values.failure("log_level", "is '\(level)'; it must be one of \(names)")
      }
      logLevel = known
    }
    notification = try values.notificationSettings()
    // `retry --destination` names either.
    if let name = notification.targets.map(\.name).first(where: { name in
      delivery.destinations.contains { $0.name == name }
    }) {
      throw values.failure("notify", "names '\(name)', as 'destinations' does")
    }
    http = try values.httpSettings()
  }

  private func requireSeparateFolders(_ values: ConfigurationValues) throws(ConfigurationFailure) {
    let inbox = folders.inbox.standardizedFileURL.path
    for (key, folder) in [
      ("outbox", folders.outbox), ("done", folders.done), ("rejected", folders.rejected),
      ("ledger", folders.ledger),
    ] {
      let path = folder.standardizedFileURL.path
      if path == inbox || path.hasPrefix(inbox + "/") {
        throw ConfigurationFailure(
          "\(values.place(of: key)): \(key): \(path) lies in the inbox, so it would be read again")
      }
    }
  }
}
