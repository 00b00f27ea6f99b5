internal import Files
internal import Foundation

/// What all ranks of a training must have alike: otherwise they would train something that none of them means, or
/// drift apart by the last bits.
public enum RankTrait: String, CaseIterable, Sendable {
  case program, configuration, archive, model, pixels, kernels

  /// What is said of a rank that has another one.
  fileprivate var difference: String {
    switch self {
    case .program: "runs another program: install the same build on every host"
    case .configuration: "has another configuration: give every rank the same options and the same --config"
    case .archive: "sees another archive: the same files and labels must lie on every host"
    case .model: "begins with another model: give every rank the same --initial"
    case .pixels:
      "decodes other pixels from the archive: compare what `archive index --check` says on both hosts"
    case .kernels: "has other kernels, on another kind of processor: take hosts of one kind"
    }
  }

  /// As a message tells two of them apart.
  fileprivate func shortened(_ value: String) -> String {
    value.isEmpty ? "none" : value.count == 64 ? String(value.prefix(12)) : value
  }
}

extension RankGroup {
  /// Makes sure that all ranks have these alike.
  /// - Throws: `TrainingError.ranksDiffer` on every rank where they don't, or `RankFailure`.
  public func requireAlike(_ traits: [RankTrait: String]) throws {
    guard count > 1 else { return }
    let order = RankTrait.allCases.filter { traits[$0] != nil }
    let own = order.map { traits[$0] ?? "" } + [ProcessInfo.processInfo.hostName]
    let all = try gathered(own.joined(separator: "\n")).map {
      $0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
    guard let first = all.first, all.allSatisfy({ $0.count == first.count }) else {
      throw TrainingError.ranksDiffer(.program, "the ranks run different versions of the program")
    }
    func name(_ rank: Int) -> String { "rank \(rank) on \(all[rank].last ?? "")" }
    for (place, trait) in order.enumerated() {
      guard let other = all.indices.first(where: { all[$0][place] != first[place] }) else { continue }
      throw TrainingError.ranksDiffer(
        trait,
        "\(name(other)) \(trait.difference) (\(trait.shortened(all[other][place])); \(name(0)): "
          + "\(trait.shortened(first[place])))")
    }
  }
}

extension RankTrait {
  /// The bytes of the program that runs, whatever its version says of itself.
  public static let runningProgram: String = {
    guard let bytes = try? Data(contentsOf: URL(filePath: "/proc/self/exe"), options: .mappedIfSafe) else {
      return ""
    }
    return ContentDigest(of: bytes).description
  }()
}
