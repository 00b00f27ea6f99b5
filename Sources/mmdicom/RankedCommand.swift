import Archive
import ArgumentParser
import Foundation
import Training

// A command that runs as several ranks says everything once: what all of them meet, by the first; what one meets
// alone, by that one, which then ends the others.

/// A failure that every rank knows of.
struct SharedFailure: Error {
  let failure: CommandFailure

  init(_ error: any Error) { failure = (error as? SharedFailure)?.failure ?? CommandFailure(error) }
}

/// Runs a command's body on one rank, and ends all of them in step.
func endingTogether(_ ranks: any RankGroup, _ body: () async throws -> Void) async throws {
  do {
    try await body()
    ranks.leave()
  } catch let shared as SharedFailure {
    // Before it is said: what a launcher says of ranks that end comes after it.
    if ranks.isFirst { Terminal.complain(shared.failure.description) }
    ranks.leave()
    throw ExitCode(shared.failure.status.rawValue)
  } catch  where ranks.count > 1 {
    let failure = CommandFailure(error)
    Terminal.complain("\(ranks.name): \(failure)")
    ranks.abandon(status: failure.status.rawValue)
    throw ExitCode(failure.status.rawValue)
  }
}

extension RankGroup {
  /// As messages call this rank.
  fileprivate var name: String { "rank \(rank) on \(ProcessInfo.processInfo.hostName)" }

  /// Does a part of the work on every rank. Where it fails on one, it fails on all.
  /// - Throws: `SharedFailure`, with what the first of them met, on every rank; of a process by itself, what `body`
  ///   throws.
  func agreed<Value>(_ body: () throws -> Value) throws -> Value {
    guard count > 1 else { return try body() }
    let outcome = Result(catching: body)
    var own: [String] = []
    if case .failure(let error) = outcome {
      let failure = CommandFailure(error)
      own = ["\(failure.status.rawValue)", failure.description, name]
    }
    let said = try gathered(own.joined(separator: "\n")).map {
      $0.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    }
    let failed = said.filter { $0.count == 3 }
    guard let first = failed.first, let status = Int32(first[0]).flatMap(CommandFailure.Status.init) else {
      return try outcome.get()
    }
    let isOfAll = failed.count == count && failed.allSatisfy { $0[1] == first[1] }
    throw SharedFailure(CommandFailure(status, isOfAll ? first[1] : "\(first[2]): \(first[1])"))
  }

  /// Does a part of the work where others find it: first on the ranks that lead a shared folder, then on the others.
  func inTurn<Value>(_ share: CacheShare, _ body: () throws -> Value) throws -> Value? {
    var value: Value?
    for leads in [true, false] {
      try agreed { if leads == (share.index == 0) { value = try body() } }
    }
    return value
  }

  /// `requireAlike`, whose failure is everybody's.
  func requireShared(_ traits: [RankTrait: String]) throws {
    do { try requireAlike(traits) } catch let error as TrainingError { throw SharedFailure(error) }
  }

  /// This rank's place among those that see the same folder, on one host or on several.
  func share(of folder: URL) throws -> CacheShare {
    guard count > 1 else { return CacheShare(0, of: 1) }
    let job = String(decoding: try broadcast(Array(UUID().uuidString.utf8)), as: UTF8.self)
    func mark(_ rank: Int) -> URL { folder.appending(path: ".\(job)-\(rank)") }
    try agreed {
      guard FileManager.default.createFile(atPath: mark(rank).path, contents: nil) else {
        throw CommandFailure(.cannotCreate, "\(folder.path): can't be written; check rights and space")
      }
    }
    let visible = (0..<count).filter { FileManager.default.fileExists(atPath: mark($0).path) }
    try meet()
    try? FileManager.default.removeItem(at: mark(rank))
    return CacheShare(visible.firstIndex(of: rank) ?? 0, of: max(1, visible.count))
  }

  /// Threads for each of the ranks on this machine: those that the launcher bound it to, else its part of all.
  var ownThreads: Int {
    let usable = ProcessInfo.processInfo.activeProcessorCount
    return usable < ProcessInfo.processInfo.processorCount ? usable : max(1, usable / neighbours)
  }
}
