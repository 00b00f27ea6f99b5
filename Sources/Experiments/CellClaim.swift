internal import Files
package import Foundation
package import Training

/// Who trains a cell, where several tasks share a folder: a file `claim-1` in the cell's folder, made by a hard link,
/// which only one of them succeeds with (on NFS too). Its owner changes it now and then; when somebody has seen no change
/// for the lease, by his own clock, he takes the cell over with `claim-2`, and so on. The highest number counts. An owner
/// that wakes after its lease finds a higher one, and stops.
package struct CellClaim: Sendable {
  let folder: URL
  package let generation: Int
  private let owner: String
  private let lease: Duration

  fileprivate struct Content: Codable, Equatable {
    var owner: String
    var beat: Int
    /// Whether the owner gave it back.
    var isFree: Bool
  }

  /// What a claim of somebody else looked like, and since when.
  package struct Sighting: Sendable {
    fileprivate let generation: Int
    fileprivate let content: Content
    fileprivate let since: ContinuousClock.Instant
  }

  /// Claims the folder, unless somebody else who is alive has it.
  /// - Parameters:
  ///   - sighting: what was seen here last time, and is kept for the next.
  ///   - lease: how long an owner may be silent.
  /// - Returns: nil where it is taken.
  /// - Throws: `TrainingError.cannotWrite`
  package init?(
    _ folder: URL, seen sighting: inout Sighting?, lease: Duration, now: ContinuousClock.Instant = .now
  )
    throws(TrainingError)
  {
    (self.folder, self.lease) = (folder, lease)
    owner = "\(ProcessInfo.processInfo.hostName) \(ProcessInfo.processInfo.processIdentifier) \(UUID())"
    try TrainingError.writing(folder) {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    let present = Self.highest(in: folder)
    if present > 0 {
      // One that can't be read is as good as silent.
      let content =
        Self.content(Self.file(present, in: folder)) ?? Content(owner: "", beat: 0, isFree: false)
      if !content.isFree {
        guard let last = sighting, last.generation == present, last.content == content else {
          sighting = Sighting(generation: present, content: content, since: now)
          return nil
        }
        if now - last.since < lease { return nil }
      }
    }
    sighting = nil
    generation = present + 1
    guard try take() else { return nil }
  }

  /// - Returns: whether nobody was faster.
  private func take() throws(TrainingError) -> Bool {
    let mark = folder.appending(path: ".claim-\(UUID().uuidString)")
    let content = Content(owner: owner, beat: 0, isFree: false)
    try write(content, to: mark)
    defer { try? FileManager.default.removeItem(at: mark) }
    do {
      try FileManager.default.linkItem(at: mark, to: file)
      return true
    } catch {
      // Of a network folder, the answer may be lost where the link was made.
      return Self.content(file) == content
    }
  }

  /// Says now and then that the owner is alive, until it is cancelled.
  /// - Throws: ``Lost`` where somebody took the cell over; `TrainingError.cannotWrite`.
  package func keep() async throws {
    var beat = 0
    while true {
      try await Task.sleep(for: lease / 10)
      guard Self.highest(in: folder) == generation else { throw Lost() }
      beat += 1
      try write(Content(owner: owner, beat: beat, isFree: false), to: file)
    }
  }

  /// Somebody else has the cell now.
  package struct Lost: Error {}

  /// Gives the cell back: to whoever comes, or for good where it is finished.
  package func giveBack() {
    try? write(Content(owner: owner, beat: -1, isFree: true), to: file)
  }

  private var file: URL { Self.file(generation, in: folder) }

  private static func file(_ generation: Int, in folder: URL) -> URL {
    folder.appending(path: "claim-\(generation)")
  }

  private static func highest(in folder: URL) -> Int {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.compactMap { $0.hasPrefix("claim-") ? Int($0.dropFirst(6)) : nil }.max() ?? 0
  }

  private static func content(_ file: URL) -> Content? {
    (try? Data(contentsOf: file)).flatMap { try? JSONDecoder().decode(Content.self, from: $0) }
  }

  private func write(_ content: Content, to url: URL) throws(TrainingError) {
    try TrainingError.write(try TrainingError.writing(url) { try JSONEncoder().encode(content) }, to: url)
  }
}
