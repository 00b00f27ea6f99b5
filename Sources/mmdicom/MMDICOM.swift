import Analysis
import ArgumentParser

/// The command line.
@main
struct MMDICOM: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mmdicom",
    abstract: "Reads chest radiographs: pneumonia, lungs, saliency. Research use only, not for diagnosis.",
    version: SoftwareVersion.current,
    subcommands: [
      AnalyzeCommand.self, JoinCommand.self, ServeCommand.self, StatusCommand.self, RetryCommand.self,
      ExplainCommand.self,
      AuditCommand.self, ReportCommand.self, DoctorCommand.self, SendCommand.self, EchoCommand.self,
      TrainCommand.self,
      EvaluateCommand.self,
      ExperimentCommand.self, ArchiveCommand.self, ModelCommand.self, BenchCommand.self, WorkerCommand.self,
      SenderCommand.self, ReceiverCommand.self,
    ])
}
