import ArgumentParser
import Daemon
import FoundationEssentials
import Logging

/// `mmdicom serve`: reads what is dropped into the inbox.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Watch the inbox and read what is dropped into it.",
    discussion: """
      Settings come from the configuration file: the one that --config names, else \(defaultConfiguration) where \
      that is there. The environment variable MMDICOM_<KEY> overrides each key, and MMDICOM_INBOX and \
      MMDICOM_OUTBOX alone will do. \
      SIGTERM and SIGINT end it once the file in hand is finished. SIGHUP has it read configuration and model anew: \
      they serve once a picture was read by them; otherwise what served goes on.

      Exit status: 0 stopped in order (with --once: all analysed), 1 with --once: some weren't, 65 or 66 the \
      model can't be used, 73 a folder can't be written or another mmdicom works on it, 78 bad configuration.
      """)

  /// Where `etc/install.sh` puts the configuration.
  static let defaultConfiguration = "/etc/mmdicom/mmdicom.yaml"

  @Option(
    help: ArgumentHelp(
      "Configuration file; by default \(defaultConfiguration) if it is there.", valueName: "file"))
  var config: String?

  @Flag(help: "Read what lies in the inbox now, then end.")
  var once = false

  @Flag(
    help: """
      Put a ledger that can't be used aside and begin a new one: the report's rows are kept, what lies in done, \
      rejected and outbox is recognised again, and what lies in the spool is read.
      """)
  var rebuildLedger = false

  func run() async throws {
    try await reportingFailure {
      let (configuration, model) = try await Self.settings(config)
      let logger = ServiceLog.logger(configuration.logLevel)
      let service = InboxService(
        configuration, model: model, runsOnce: once, rebuildsLedger: rebuildLedger, logger: logger
      ) { [config] in try await Self.settings(config) }
      try await service.runInGroup(logger: logger)
      guard once else { return }
      let tally = await service.tally
      Terminal.result(
        "\(tally.analysed) analysed, \(tally.notAnalysed) not analysed, \(tally.rejected) rejected; "
          + "report: \(configuration.folders.outbox.appending(path: "report.csv").path)\n")
      let leftSomething = await service.leftSomething
      guard tally.isClean, !leftSomething else { throw ExitCode.someInputsFailed }
    }
  }

  private static func settings(_ config: String?) async throws -> (DaemonConfiguration, model: String) {
    let configuration = try await configuration(config)
    // The environment's MMDICOM_MODEL is in the configuration already.
    let model = try ModelLocation.here.find(
      configuration.model?.path, option: "as \"model\" in the configuration")
    return (configuration, model)
  }

  /// The daemon's configuration: of the file that is named, else of the usual places.
  static func configuration(_ config: String?) async throws -> DaemonConfiguration {
    let environment = ProcessInfo.processInfo.environment
    let file = configurationFile(config)
    if file == nil, environment["MMDICOM_INBOX"] == nil, environment["MMDICOM_OUTBOX"] == nil {
      throw CommandFailure(
        .badConfiguration,
        "no configuration: \(defaultConfiguration) isn't there; name a file with --config (etc/mmdicom.yaml "
          + "is an example), or set MMDICOM_INBOX and MMDICOM_OUTBOX")
    }
    return try await DaemonConfiguration.read(file: file, environment: environment)
  }

  private static func configurationFile(_ config: String?) -> URL? {
    if let config { return URL(filePath: config).absoluteURL.standardizedFileURL }
    let isThere = FileManager.default.fileExists(atPath: defaultConfiguration)
    return isThere ? URL(filePath: defaultConfiguration) : nil
  }
}
