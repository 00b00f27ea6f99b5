public import Logging

/// The daemon's log: plain lines on standard error, where systemd's journal takes them up.
///
/// Nothing that identifies a patient is logged at `info` or above: neither file names nor UIDs (see
/// ``LogTag``). At `debug`, base names of files stand in the log, since hospitals often name files after
/// patients: keep `debug` for looking into a fault.
public enum ServiceLog {
  /// A logger for the service.
  public static func logger(_ level: Logger.Level) -> Logger {
    var logger = Logger(label: "mmdicom") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = level
    return logger
  }
}
