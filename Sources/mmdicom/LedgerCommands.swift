import ArgumentParser
import Daemon
import Files
import FoundationEssentials

/// What all commands beside the daemon ask for.
struct ServiceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The daemon's configuration file; by default \(ServeCommand.defaultConfiguration) if it is there.",
      valueName: "file"))
  var config: String?

  func visit() async throws -> LedgerVisit {
    try LedgerVisit(try await ServeCommand.configuration(config))
  }
}

/// `mmdicom status`: what waits, what is in work and what became of the rest.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show what the daemon has done and what waits.",
    discussion: "Also while the daemon runs. Exit status: 0, or 66 when there is no ledger yet.")

  @OptionGroup var service: ServiceOptions
  @Flag(help: "Print one JSON document.") var json = false

  func run() async throws {
    try await reportingFailure {
      let status = try await service.visit().status()
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        Terminal.result(String(decoding: try encoder.encode(status), as: UTF8.self) + "\n")
      } else {
        for (name, value) in status.table {
          Terminal.result(name + String(repeating: " ", count: max(1, 20 - name.count)) + value + "\n")
        }
      }
    }
  }
}

/// `mmdicom retry`: lets what waits for a person, or failed, be tried now.
struct RetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Try again what is parked, delayed or rejected.",
    discussion: """
      By a UID (of study, series, image or result) or a tag of the log, by coded reason, or all that is parked or delayed: \
      images, and results on their way to other systems. A rejected file goes back into the inbox. --destination means \
      results for one destination alone. A file that waits since another picture stands under its UID is decided on with \
      --accept or --dismiss; where several wait under one UID, one is accepted by its tag. Exit status: 0, or 1 when there \
      is nothing to try, or several to choose from.
      """)

  @OptionGroup var service: ServiceOptions
  @Argument(help: ArgumentHelp("A UID, or a file's tag in the log.", valueName: "uid")) var name: String?
  @Option(help: ArgumentHelp("All with this coded reason.", valueName: "code")) var reason: String?
  @Flag(help: "All that is parked or delayed.") var all = false
  @Option(help: ArgumentHelp("Results that wait for this destination.", valueName: "name")) var destination:
    String?
  @Flag(help: "With --destination: they aren't sent there any more.") var giveUp = false
  @Flag(help: "Take another picture under a known UID for the image from now on.") var accept = false
  @Flag(help: "Refuse another picture under a known UID for good: the file goes to the rejected ones.")
  var dismiss = false

  func validate() throws {
    if dismiss {
      guard name != nil, !accept, reason == nil, destination == nil, !all else {
        throw ValidationError("--dismiss goes with a UID or a tag alone")
      }
      return
    }
    guard [name != nil, reason != nil, destination != nil, all].filter(\.self).count == 1 else {
      throw ValidationError("name either a UID, or --reason, or --destination, or --all")
    }
    guard destination != nil || !giveUp else { throw ValidationError("--give-up goes with --destination") }
  }

  func run() async throws {
    try await reportingFailure {
      if let destination { return try await retry(destination) }
      let visit = try await service.visit()
      let tags =
        if let name, dismiss { try await visit.dismiss(name) } else {
          try await visit.retry(name, reason: reason, accepting: accept)
        }
      for tag in tags { Terminal.result("\(tag)\n") }
      guard tags.isEmpty else { return }
      throw CommandFailure(.someInputsFailed, "nothing of that kind waits")
    }
  }

  private func retry(_ destination: String) async throws {
    let count = try await service.visit().retryDeliveries(to: destination, givingUp: giveUp)
    guard count > 0 else { throw CommandFailure(.someInputsFailed, "nothing waits for \(destination)") }
    Terminal.result("\(count) results for \(destination) \(giveUp ? "are given up" : "are tried again")\n")
  }
}

/// `mmdicom explain`: what happened to a file, from its digest to its results.
struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Tell everything that is known of a file, a study or a result.",
    discussion: """
      The chain of digests from the file over its pixels, the network's input and the weights to the results, and every \
      step with its time. Names patients' UIDs and files. --replay reads the file again, with the configured model and in \
      the daemon's time zone, into a folder that it removes, and must come to the same bytes; it changes nothing. \
      Exit status: 0, 1 when a replay breaks the chain (it says where), or 66 when nothing is known.
      """)

  @OptionGroup var service: ServiceOptions
  @Argument(help: ArgumentHelp("A UID, or a file's tag in the log.", valueName: "uid")) var name: String
  @Flag(help: "Print one JSON document.") var json = false
  @Flag(help: "Read it again and compare.") var replay = false

  func run() async throws {
    try await reportingFailure {
      let files = try await explanations()
      guard !files.isEmpty else {
        throw CommandFailure(.noInput, "\(name): the ledger knows no such UID or tag")
      }
      if json {
        Terminal.result(try JSONDocument.pretty(["files": files]))
      } else {
        Terminal.result(
          files.map { $0.lines.map { $0 + "\n" }.joined() }.joined(separator: "\n"))
      }
      let broken = files.filter { $0.replay?.isSame == false }
      guard let first = broken.first, let fault = first.replay?.broken.first else { return }
      throw CommandFailure(
        .someInputsFailed,
        "the chain of \(broken.count) of \(files.count) files breaks, first \(first.file) at \(fault)")
    }
  }

  private func explanations() async throws -> [Explanation] {
    let configuration = try await ServeCommand.configuration(service.config)
    let visit = try LedgerVisit(configuration)
    guard replay else { return try await visit.explain(name) }
    let model = try ModelLocation.here.find(
      configuration.model?.path, option: "as \"model\" in the configuration")
    return try await visit.replay(name, model: model)
  }
}

/// `mmdicom audit`: follows the hashes of the audit trail.
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Verify that the audit trail is whole.",
    discussion:
      "Note the last hash elsewhere: it tells of every line. Exit status: 0, or 65 when it is broken.")

  @OptionGroup var service: ServiceOptions

  func run() async throws {
    try await reportingFailure {
      let (line, isIntact) = try await service.visit().audit()
      guard isIntact else { throw CommandFailure(.badData, line) }
      Terminal.result(line + "\n")
    }
  }
}

/// `mmdicom report`: writes the report from the ledger.
struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Write report.csv anew from the ledger.",
    discussion: """
      One current row for each image; --history prints every row that there ever was. --for-spreadsheet writes the rows as a \
      workbook whose every cell is text: opened there, report.csv itself would lose zeros in front of an ID, and might run \
      one that looks like a formula.
      """)

  @OptionGroup var service: ServiceOptions
  @Flag(help: "Print all rows, also those that gave way to others, and write nothing.") var history = false
  @Option(
    help: ArgumentHelp(
      "Write the rows to this file, as a workbook for spreadsheets (.xlsx).", valueName: "file"))
  var forSpreadsheet: String?

  func run() async throws {
    try await reportingFailure {
      let visit = try await service.visit()
      if let forSpreadsheet {
        let file = URL(filePath: forSpreadsheet)
        // Cells of an uncompressed workbook stand in its bytes as they are.
        try OutputFile.requireOurs(file, option: "file") { content in
          content.starts(with: Data("PK".utf8))
            && content.firstRange(of: Data(">study_instance_uid<".utf8)) != nil
        }
        let workbook = try await visit.workbook(history: history)
        do { try DurableFile.write(workbook, to: file) } catch {
          throw CommandFailure(.cannotCreate, "\(forSpreadsheet): can't be written")
        }
        Terminal.result("\(forSpreadsheet)\n")
      } else if history {
        Terminal.result(try await visit.history())
      } else {
        Terminal.result("\(try await visit.writeReport().path)\n")
      }
    }
  }
}
