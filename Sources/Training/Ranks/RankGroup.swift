/// The processes that train one model together. They are numbered from 0; rank 0 writes the files and speaks for all.
///
/// Messages go from one rank to another and arrive in the order in which they were sent; whatever is done together
/// (`RankGroup+Together.swift`, ``RankExchange``) is made of them, so that it is the same over MPI and between the
/// threads of a test.
public protocol RankGroup: Sendable {
  var rank: Int { get }
  var count: Int { get }
  /// How many of them run on this machine.
  var neighbours: Int { get }

  /// Sends a message; returns when the other has it, or somebody keeps it for it.
  func send(_ message: [UInt8], to other: Int) throws(RankFailure)

  /// Waits for the next message of another rank.
  func receive(from other: Int) throws(RankFailure) -> [UInt8]

  /// Leaves in peace; returns when all the others are about to.
  func leave()

  /// Ends all ranks at once, wherever they are. May return where that takes a moment.
  func abandon(status: Int32)
}

extension RankGroup {
  /// Whether this is the rank that writes and speaks.
  public var isFirst: Bool { rank == 0 }
}

/// A process that trains by itself.
public struct SoleRank: RankGroup {
  public init() {}
  public var rank: Int { 0 }
  public var count: Int { 1 }
  public var neighbours: Int { 1 }
  public func send(_ message: [UInt8], to other: Int) { preconditionFailure("there is no other rank") }
  public func receive(from other: Int) -> [UInt8] { preconditionFailure("there is no other rank") }
  public func leave() {}
  public func abandon(status: Int32) {}
}

/// Why ranks can't go on together.
public enum RankFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// They can't find each other, and what to do about it.
  case cannotJoin(String)
  /// A message didn't get through.
  case lost(rank: Int, String)
  /// A message isn't what was to come.
  case confused(rank: Int)

  public var description: String {
    switch self {
    case .cannotJoin(let what): what
    case .lost(let rank, let what): "rank \(rank) can't be reached: \(what)"
    case .confused(let rank): "rank \(rank) sent something else than was awaited"
    }
  }
}
