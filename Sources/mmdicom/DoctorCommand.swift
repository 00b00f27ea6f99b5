import ArgumentParser
import Daemon
import FoundationEssentials

/// `mmdicom doctor`: looks at what the daemon needs, and says what to do.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract:
      "Look at folders, disks, clock, model, files of the configuration, ledger, ports and peers, and say what to do.",
    discussion: """
      Root looks with the rights of the daemon's user, to whom the daemon's own folder ("ledger") belongs; others with \
      their own. Destinations are asked whether they are there (C-ECHO, OPTIONS, a connection). Changes nothing, also \
      while the daemon runs. Exit status: 0, or 1 when something keeps the daemon from its work.
      """)

  @OptionGroup var service: ServiceOptions
  @Flag(help: "Print one JSON document.") var json = false

  func run() async throws {
    try await reportingFailure {
      let all = try await examinations()
      if json {
        Terminal.result(try JSONDocument.pretty(["examinations": all]))
      } else {
        for examination in all { Terminal.result(examination.text) }
      }
      if all.contains(where: { $0.verdict == .ill }) { throw ExitCode.someInputsFailed }
    }
  }

  private func examinations() async throws -> [Examination] {
    var all: [Examination] = []
    do {
      var configuration = try await ServeCommand.configuration(service.config)
      all.append(ServiceUser.examination(of: configuration.folders))
      // Once more with the rights that were taken: what it names is read as the daemon does.
      configuration = try await ServeCommand.configuration(service.config)
      return all + (await doctor(configuration).examine())
    } catch let refusal where refusal is ConfigurationFailure || !all.isEmpty {
      let remedy = "mend what it names; the file itself must be the daemon's user's to read, too (chmod 644)"
      return all + [Examination("configuration", .ill, "\(refusal)", remedy: remedy)]
    }
  }

  private func doctor(_ configuration: DaemonConfiguration) -> Doctor {
    do {
      let model = try ModelLocation.here.find(
        configuration.model?.path, option: "as \"model\" in the configuration")
      return Doctor(configuration, model: model)
    } catch { return Doctor(configuration, model: nil, whyNot: "\(error)") }
  }
}
