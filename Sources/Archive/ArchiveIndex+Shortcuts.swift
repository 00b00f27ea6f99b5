import Glibc

extension ArchiveIndex {
  /// What tells the finding of the images that may be learned from, beside what they show: in the archives as a whole,
  /// and within each source.
  ///
  /// A source counts with three findings of one kind and none of the other, whatever chance says: it is a choice that
  /// somebody made. A trait counts where at least five images have it and chance would bring it about less than one time
  /// in twenty; with exceptions, at most one in twenty, from twenty images on and less than one time in a thousand.
  public var shortcuts: [Shortcut] {
    let learned = images.filter { $0.finding != nil && $0.split != .test }
    var found = Tally(learned, within: nil).shortcuts(of: "source") { $0.source }
    found += Self.ofTraits(learned, within: nil)
    for (source, images) in Dictionary(grouping: learned, by: \.source).sorted(by: { $0.key < $1.key })
    where images.count < learned.count {
      // What holds everywhere needn't be said again.
      let known = Set(
        found.filter { $0.within == nil }.map { "\($0.kind) \($0.finding) \($0.trait) \($0.value)" })
      found += Self.ofTraits(images, within: source).filter {
        !known.contains("\($0.kind) \($0.finding) \($0.trait) \($0.value)")
      }
    }
    return found
  }

  private static func ofTraits(_ images: [ArchiveImage], within source: String?) -> [Shortcut] {
    let tally = Tally(images, within: source)
    let apart = tally.agesApart
    let traits: [(String, (ArchiveImage) -> String?)] = [
      ("age", { apart == nil ? $0.traits?.age.map { AgeGroup(years: $0).rawValue } : nil }),
      ("sex", { $0.traits?.sex }), ("view", { $0.traits?.view }), ("device", { $0.traits?.device }),
      ("bits", { $0.traits?.bits.map(String.init) }), ("polarity", { $0.traits?.polarity }),
    ]
    return [apart].compactMap(\.self) + traits.flatMap { tally.shortcuts(of: $0, $1) }
  }
}

/// Images with findings, to be counted by what else is known of them.
private struct Tally {
  let images: [ArchiveImage]
  let within: String?

  /// Exceptions that still make a rule, of all.
  private static let exceptions = 0.05

  init(_ images: [ArchiveImage], within: String?) { (self.images, self.within) = (images, within) }

  /// - Parameter value: of the trait; images without one have no part.
  func shortcuts(of trait: String, _ value: (ArchiveImage) -> String?) -> [Shortcut] {
    var counts: [String: [Finding: Int]] = [:]
    var totals: [Finding: Int] = [:]
    for image in images {
      guard let finding = image.finding, let value = value(image) else { continue }
      counts[value, default: [:]][finding, default: 0] += 1
      totals[finding, default: 0] += 1
    }
    guard totals.count == 2, counts.count > 1 else { return [] }
    return counts.sorted { $0.key < $1.key }.flatMap { value, group in
      Finding.allCases.compactMap { shortcut(trait, value, $0, group, totals) }
    }
  }

  private func shortcut(
    _ trait: String, _ value: String, _ finding: Finding, _ group: [Finding: Int], _ totals: [Finding: Int]
  ) -> Shortcut? {
    let other: Finding = finding == .normal ? .pneumonia : .normal
    let (here, against) = (group[finding] ?? 0, group[other] ?? 0)
    let (all, allOthers) = (totals[finding] ?? 0, totals[other] ?? 0)
    func made(_ kind: Shortcut.Kind, of count: Int) -> Shortcut {
      Shortcut(
        kind: kind, finding: finding, trait: trait, value: value, within: within, count: here, of: count,
        others: allOthers - against, ofOthers: allOthers)
    }
    let isChosen = trait == "source" && here >= 3 && against == 0
    let share = Double(all) / Double(all + allOthers)
    if isChosen || isRule(here, of: here + against, byChance: share) {
      return made(.oneFinding, of: here + against)
    }
    let groupShare = Double(here + against) / Double(all + allOthers)
    // Of the others at least half must be elsewhere.
    if 2 * against <= allOthers, isRule(here, of: all, byChance: groupShare) {
      return made(.oneGroup, of: all)
    }
    return nil
  }

  private func isRule(_ count: Int, of total: Int, byChance share: Double) -> Bool {
    guard total >= 5, Double(total - count) <= Self.exceptions * Double(total) else { return false }
    let chance = Self.chance(ofAtLeast: count, of: total, each: share)
    return count == total ? chance < 0.05 : total >= 20 && chance < 0.001
  }

  /// The binomial distribution's tail.
  private static func chance(ofAtLeast count: Int, of total: Int, each share: Double) -> Double {
    guard share < 1 else { return 1 }
    var term = pow(share, Double(total))
    var sum = term
    // From all of them down to `count`.
    for missing in 0..<(total - count) {
      let ways = Double(total - missing) / Double(missing + 1)
      term *= ways * (1 - share) / share
      sum += term
    }
    return sum
  }

  /// The finding of the younger, where all of them are younger than all others.
  var agesApart: Shortcut? {
    var ages: [Finding: [Double]] = [:]
    for image in images {
      if let finding = image.finding, let age = image.traits?.age { ages[finding, default: []].append(age) }
    }
    guard let normal = ages[.normal], let pneumonia = ages[.pneumonia],
      min(normal.count, pneumonia.count) >= 5
    else {
      return nil
    }
    for (finding, young, old) in [(Finding.normal, normal, pneumonia), (.pneumonia, pneumonia, normal)] {
      guard let first = young.min(), let last = young.max(), let next = old.min(), last < next else {
        continue
      }
      return Shortcut(
        kind: .agesApart, finding: finding, trait: "age", value: "\(Int(first)) to \(Int(last))",
        within: within,
        count: young.count, of: young.count, others: old.count, ofOthers: old.count)
    }
    return nil
  }
}
