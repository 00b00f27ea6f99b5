import Files

extension ArchiveIndex {
  /// Gives a split to every image that has none, patient by patient.
  ///
  /// A patient with a known split keeps it for all images (with several, the one furthest from training).
  /// The other patients are dealt in an order drawn from `seed`, separately for each mix of source, finding
  /// and presence of masks, so that each split gets its share of every class as nearly as whole patients
  /// allow. The same archive and seed give the same splits, on every machine.
  /// - Parameters:
  ///   - validation: share of images for validation, 0...1.
  ///   - test: share of images for testing; `validation + test` is at most 1.
  public func assigningSplits(validation: Double, test: Double = 0, seed: UInt64) -> ArchiveIndex {
    precondition(validation >= 0 && test >= 0 && validation + test <= 1, "shares must lie within 0...1")
    let shares: [(Split, Double)] = [(.train, 1 - validation - test), (.val, validation), (.test, test)]
    var result = self
    // Each archive by itself, so that adding another changes as little as may be.
    for (_, archive) in Dictionary(grouping: images.indices, by: { images[$0].archive ?? "" }) {
      deal(archive, shares, seed: seed, into: &result.images)
    }
    result.joinSplits(given: images.map(\.split))
    result.digest = Self.digest(of: result.images)
    return result
  }

  private func deal(
    _ archive: [Int], _ shares: [(Split, Double)], seed: UInt64, into dealt: inout [ArchiveImage]
  ) {
    var undecided: [Stratum: [(order: [UInt8], indices: [Int])]] = [:]
    for (key, indices) in Dictionary(grouping: archive, by: { images[$0].ownPatientKey }) {
      if let known = Self.heldOutMost(indices.compactMap { images[$0].split }) {
        for index in indices where images[index].split == nil { dealt[index].split = known }
      } else {
        let order = ContentDigest(of: "\(seed)\t\(key)").bytes
        undecided[Stratum(indices.map { images[$0] }), default: []].append((order, indices))
      }
    }
    var deal = Deal(shares: shares)
    for (_, group) in undecided.sorted(by: { $0.key < $1.key }) {
      for patient in group.sorted(by: { $0.order.lexicographicallyPrecedes($1.order) }) {
        let split = deal.next(count: patient.indices.count)
        for index in patient.indices { dealt[index].split = split }
      }
    }
  }

  /// A patient of several archives is on one side: the one furthest from training that a labels file gives, or, where
  /// none does, that was dealt. What one archive says against itself it keeps, as when it is read alone.
  private mutating func joinSplits(given: [Split?]) {
    let patients = Dictionary(grouping: images.indices) { images[$0].patientKey }
    for (_, indices) in patients.sorted(by: { $0.key < $1.key }) {
      let names = Set(indices.map { images[$0].archive })
      guard names.count > 1,
        let split = Self.heldOutMost(indices.compactMap { given[$0] })
          ?? Self.heldOutMost(indices.compactMap { images[$0].split })
      else { continue }
      for index in indices where images[index].split != split {
        if let before = given[index] {
          let message =
            "\(before.rawValue) here, but \(split.rawValue) elsewhere has the same patient; \(split.rawValue) is used"
          problems.append(
            ArchiveProblem(.heldOutElsewhere, path: images[index].path, message: message)
              .inside(images[index].archive ?? ""))
        }
        images[index].split = split
      }
    }
    problems = problems.countedTogether
  }

  static func heldOutMost(_ splits: [Split]) -> Split? {
    [Split.test, .val, .train].first(where: splits.contains)
  }

  /// Patients that are alike to the split.
  private struct Stratum: Hashable, Comparable {
    var source: String
    /// 2 with any pneumonia, 1 with a normal image only, 0 unlabelled.
    var finding: Int
    var hasMask: Bool

    init(_ images: [ArchiveImage]) {
      source = images.map(\.folder).min() ?? ""
      finding = images.map { $0.finding.map { $0.classIndex + 1 } ?? 0 }.max() ?? 0
      hasMask = images.contains { !$0.masks.isEmpty }
    }

    static func < (a: Stratum, b: Stratum) -> Bool {
      if a.source != b.source { return a.source < b.source }
      if a.finding != b.finding { return a.finding < b.finding }
      return !a.hasMask && b.hasMask
    }
  }

  /// Deals patients to the split that lacks most. What one stratum leaves over or short is carried to the
  /// next, so that rounding doesn't add up.
  private struct Deal {
    var shares: [(split: Split, share: Double)]
    /// How many images each split is short of its share.
    var lack: [Double]

    init(shares: [(split: Split, share: Double)]) {
      self.shares = shares.filter { $0.share > 0 }
      lack = Array(repeating: 0, count: self.shares.count)
    }

    mutating func next(count: Int) -> Split {
      for index in lack.indices { lack[index] += shares[index].share * Double(count) }
      let chosen = lack.indices.max { lack[$0] < lack[$1] } ?? 0
      lack[chosen] -= Double(count)
      return shares[chosen].split
    }
  }
}
