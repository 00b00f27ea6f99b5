/// Stops work when something outside is broken rather than one file, and lets it try again by itself. Pure.
package struct Breaker: Sendable, Equatable {
  /// What is broken.
  package enum Cause: Sendable, Equatable {
    /// Workers died one after the other, on files of several studies, and none succeeded in between.
    case workersLost(files: Int)
    /// Something can't be written or read.
    case failure(String)
  }

  /// Waits between tries: 5 s, 10 s ... 5 min.
  private static let backOff = (first: Duration.seconds(5), longest: Duration.seconds(300))

  /// Tries in a row that failed.
  package private(set) var failures = 0
  /// Files on which a worker died, since one was read, and the study of each: what is wrong with one file is often
  /// wrong with all of its study, so that they are one witness together.
  private var lost: [Int64: String] = [:]

  package init() {}

  /// Something was read and written as it should be.
  package mutating func succeeded() { failures = 0 }

  /// A worker answered for a file.
  package mutating func workerAnswered() { lost = [:] }

  /// A worker died with this file of `study` alone, not for the first time if `isRepeated`.
  /// - Returns: whether the file isn't to be blamed: so many other studies ended the same way.
  package mutating func workerLost(on file: Int64, of study: String, isRepeated: Bool) -> Bool {
    lost[file] = study
    let studies = Set(lost.values).count
    return studies >= 3 || isRepeated && studies > 1
  }

  /// The file is blamed, and the others needn't answer for it.
  package mutating func blamed(_ file: Int64) { lost[file] = nil }

  /// How many files workers died on.
  package var filesLost: Int { lost.count }

  /// Something failed: how long to wait before the next try.
  package mutating func failed() -> Duration {
    failures += 1
    var wait = Self.backOff.first
    for _ in 1..<failures where wait < Self.backOff.longest { wait *= 2 }
    return min(wait, Self.backOff.longest)
  }
}

/// Ends a loop over workers for a cause that isn't a file's; see ``Breaker``.
package struct WorkPause: Error, Sendable, Equatable, CustomStringConvertible {
  package let cause: Breaker.Cause

  package var description: String {
    switch cause {
    case .workersLost(let files): "worker processes died on \(files) files in a row"
    case .failure(let text): text
    }
  }
}
