import Analysis
import Archive
import ArgumentParser
import DICOMNetwork
import Daemon
import Files
import FoundationEssentials
import Phantoms
import Training

/// An end other than "all well", with its line on standard error. Exit status as in sysexits.h.
struct CommandFailure: Error, CustomStringConvertible {
  enum Status: Int32 {
    case someInputsFailed = 1
    case usage = 64
    case badData = 65
    case noInput = 66
    case cannotCreate = 73
    case badConfiguration = 78
  }

  let status: Status
  let description: String

  init(_ status: Status, _ description: String) {
    self.status = status
    self.description = description
  }

  /// Any error: its own words, and the status that says what kind of failure it is.
  init(_ error: any Error) {
    let status: Status =
      switch error {
      case let failure as CommandFailure: failure.status
      case let failure as WorkerFailure: Self.status(failure)
      case let failure as ConfigurationFailure: failure.isMissing ? .noInput : .badConfiguration
      case let failure as ArchiveError: Self.status(failure)
      case let failure as PhantomError: Self.status(failure)
      case let failure as ExchangeError: Self.status(failure)
      case let failure as TrainingError: Self.status(failure)
      case RankFailure.cannotJoin: .badConfiguration
      case let failure as ModelRefusal: failure.isMissing ? .noInput : .badData
      case let failure as LedgerFailure: Self.status(failure)
      case is WriteFailure, is ImageCacheError: .cannotCreate
      case is DICOMAddressError: .usage
      case let failure as ShardFailure: failure.isUnwritable ? .cannotCreate : .badData
      case is MissingInput: .noInput
      default: .someInputsFailed
      }
    self.init(status, "\(error)")
  }

  private static func status(_ failure: WorkerFailure) -> Status {
    switch failure {
    case .modelMissing: .noInput
    case .modelRefused: .badData
    case .cannotStart: .someInputsFailed
    }
  }

  private static func status(_ failure: LedgerFailure) -> Status {
    switch failure.kind {
    case .missing: .noInput
    case .unusable: .badData
    case .inaccessible: .cannotCreate
    }
  }

  private static func status(_ error: ArchiveError) -> Status {
    switch error {
    case .missing, .labelsMissing, .unreadable: .noInput
    case .notADirectory, .labelsUnusable: .badData
    }
  }

  private static func status(_ error: ExchangeError) -> Status {
    switch error {
    case .source(let error): status(error)
    case .nothing, .key: .badData
    case .occupied, .cannotWrite: .cannotCreate
    }
  }

  private static func status(_ error: TrainingError) -> Status {
    switch error {
    case .configuration, .ranksDiffer(.configuration, _): .badConfiguration
    case .ranksDiffer, .ranksApart: .badData
    case .nothingToTrainOn, .checkpoint, .diverged, .unreadable: .badData
    case .cannotWrite: .cannotCreate
    }
  }

  private static func status(_ error: PhantomError) -> Status {
    switch error {
    case .badRequest, .badSources: .usage
    case .cannotWrite, .occupied, .image: .cannotCreate
    case .invalid: .badData
    }
  }
}

/// Runs a command's body; a failure becomes one line on standard error and the exit status.
func reportingFailure(_ body: () async throws -> Void) async throws {
  do {
    try EnvironmentVariables.requireKnown(ProcessInfo.processInfo.environment)
    try await body()
  } catch let exit as ExitCode {
    throw exit  // Whoever threw it has said why.
  } catch {
    let failure = CommandFailure(error)
    Terminal.complain(failure.description)
    throw ExitCode(failure.status.rawValue)
  }
}

extension ExitCode {
  /// Some inputs failed, and each has been named.
  static let someInputsFailed = ExitCode(CommandFailure.Status.someInputsFailed.rawValue)
}
