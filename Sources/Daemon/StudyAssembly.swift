/// Collects the files of a study until no more seem to come, so that a study is analysed in one go. Pure.
package struct StudyAssembly<File: Sendable>: Sendable {
  private struct Study {
    var files: [File] = []
    var firstAdded: ContinuousClock.Instant
    var lastAdded: ContinuousClock.Instant
  }

  private let quietTime: Duration
  private let longestWait: Duration
  private var studies: [String: Study] = [:]

  /// A study is ready when no file of it came for `quietTime`, or when its first file has waited for
  /// `longestWait` (a sender that never stops must not hold a study up forever).
  package init(quietTime: Duration, longestWait: Duration) {
    self.quietTime = quietTime
    self.longestWait = longestWait
  }

  /// Adds a file of the study with this Study Instance UID.
  package mutating func add(_ file: File, toStudy study: String, at now: ContinuousClock.Instant) {
    studies[study, default: Study(firstAdded: now, lastAdded: now)].files.append(file)
    studies[study]?.lastAdded = now
  }

  /// Takes out the studies that are ready, the longest waiting first.
  package mutating func takeReady(at now: ContinuousClock.Instant) -> [[File]] {
    let (quietTime, longestWait) = (quietTime, longestWait)
    return take { now - $0.lastAdded >= quietTime || now - $0.firstAdded >= longestWait }
  }

  /// Takes out every study, ready or not.
  package mutating func takeAll() -> [[File]] { take { _ in true } }

  /// Whether no file is waiting.
  package var isEmpty: Bool { studies.isEmpty }

  private mutating func take(where isReady: (Study) -> Bool) -> [[File]] {
    let ready = studies.filter { isReady($0.value) }
      .sorted { ($0.value.firstAdded, $0.key) < ($1.value.firstAdded, $1.key) }
    for (uid, _) in ready { studies[uid] = nil }
    return ready.map(\.value.files)
  }
}
