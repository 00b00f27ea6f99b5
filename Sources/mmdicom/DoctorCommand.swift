import ArgumentParser
import Daemon
import FoundationEssentials

/// `mmdicom doctor`: looks at what the daemon needs, and says what to do.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look at folders, disks, clock, model, ledger and port, and say what to do.",
    discussion: """
      As the user who asks: sudo -u mmdicom mmdicom doctor sees what the service sees. Changes nothing, also while the \
      daemon runs. Exit status: 0, or 1 when something keeps the daemon from its work.
      """)

  @OptionGroup var service: ServiceOptions
  @Flag(help: "Print one JSON document.") var json = false

  func run() async throws {
    try await reportingFailure {
      let configuration = try await ServeCommand.configuration(service.config)
      let doctor: Doctor
      do {
        let model = try ModelLocation.here.find(
          configuration.model?.path, option: "as \"model\" in the configuration")
        doctor = Doctor(configuration, model: model)
      } catch { doctor = Doctor(configuration, model: nil, whyNot: "\(error)") }
      let all = await doctor.examine()
      if json {
        Terminal.result(try JSONDocument.pretty(["examinations": all]))
      } else {
        for examination in all { Terminal.result(examination.text) }
      }
      if all.contains(where: { $0.verdict == .ill }) { throw ExitCode.someInputsFailed }
    }
  }
}
