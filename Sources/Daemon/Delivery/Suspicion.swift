/// Whom the trouble of a destination is blamed on: the destination, until an object alone has failed, others have passed,
/// and it fails again. Pure.
///
/// A server that answers 503 whenever it gets one object, or hangs on it, looks as if it were down; without this the object
/// would hold up all that is behind it.
package struct Suspicion: Sendable, Equatable {
  package enum Verdict: Sendable, Equatable {
    case destination
    /// `isForGood`: it has been proven often enough.
    case object(isForGood: Bool)
  }

  private struct Suspect: Equatable {
    /// How often it failed between others that passed.
    var proofs = 0
    /// Whether another passed since it failed.
    var hasWitness = false
  }

  /// By delivery.
  private var suspects: [Int64: Suspect] = [:]
  /// Proofs that park an object; before that it waits like one that is refused for now.
  private static let proofs = 3
  /// Objects that are remembered.
  private static let most = 256

  package init() {}

  /// The destination took it.
  package mutating func passed(_ delivery: Int64) {
    suspects[delivery] = nil
    for other in suspects.keys { suspects[other]?.hasWitness = true }
  }

  /// Trouble came with this alone on its way.
  package mutating func failed(_ delivery: Int64) -> Verdict {
    var suspect = suspects[delivery] ?? Suspect()
    if suspects.count > Self.most { suspects = [:] }
    guard suspect.hasWitness else {
      suspects[delivery] = suspect
      return .destination
    }
    suspect.proofs += 1
    suspect.hasWitness = false
    let isForGood = suspect.proofs == Self.proofs
    suspects[delivery] = isForGood ? nil : suspect
    return .object(isForGood: isForGood)
  }

  /// In which order objects are tried: first one that isn't suspected, so that it may bear witness, then those that are,
  /// while what it says is fresh.
  package func ordered<Object>(_ objects: [Object], id: (Object) -> Int64) -> [Object] {
    let suspected = objects.filter { suspects[id($0)] != nil }
    guard !suspected.isEmpty else { return objects }
    let others = objects.filter { suspects[id($0)] == nil }
    return others.prefix(1) + suspected + others.dropFirst()
  }
}
