internal import Archive
public import MultiMix
internal import Synchronization
internal import Tensors

extension TrainingData {
  /// With the lungs' box of every image whose finding, or pseudo-label, is learned from the lungs alone
  /// (``FindingsView/lungs``): around its mask where that is learned from too, else around what a model finds.
  /// - Parameters:
  ///   - finders: predictors of one model that finds lungs, each for a thread; without any, images without a mask are
  ///     shown whole.
  ///   - progress: images done and in all; called from any thread.
  public func findingLungs(
    by finders: [Predictor], margin: Double, progress: @Sendable (Int, Int) -> Void = { _, _ in }
  ) -> TrainingData {
    with(lungs(in: readByLungs, by: finders, margin: margin, progress))
  }

  /// The same over ranks: each looks at its share of the images, and all get all boxes.
  public func findingLungs(
    by finders: [Predictor], margin: Double, ranks: any RankGroup, progress: @Sendable (Int, Int) -> Void
  ) throws(RankFailure) -> TrainingData {
    let own = lungs(in: ranks.share(of: readByLungs), by: finders, margin: margin, progress)
    return with(try ranks.dealtBack(own))
  }

  /// Positions of the images that are.
  private var readByLungs: [Int] { Set(classification.positions + unlabelled.positions).sorted() }

  private func with(_ found: [FoundLungs]) -> TrainingData {
    var data = self
    data.boxes = Dictionary(uniqueKeysWithValues: found.map { ($0.position, $0.box) })
    return data
  }

  private func lungs(
    in wanted: [Int], by finders: [Predictor], margin: Double, _ progress: @Sendable (Int, Int) -> Void
  ) -> [FoundLungs] {
    let masked = Set(segmentation.positions)
    let done = Atomic(0)
    let threads = max(1, finders.count)
    let shares = concurrentMap(0..<threads, threads: threads) { t in
      stride(from: t, to: wanted.count, by: threads).map { n in
        let position = wanted[n]
        defer { progress(done.add(1, ordering: .relaxed).newValue, wanted.count) }
        guard masked.contains(position), let mask = self.cache.maskBytes(position) else {
          return finders.isEmpty ? nil : finders[t].lungBox(in: self.cache.image(position), margin: margin)
        }
        return LungBox(around: mask.map { $0 > 127 }, side: self.cache.size, margin: margin)
      }
    }
    return wanted.indices.map {
      FoundLungs(position: wanted[$0], box: shares[$0 % threads][$0 / threads] ?? .whole)
    }
  }

  /// Whether somebody has looked for them.
  var knowsLungs: Bool { (classification.positions + unlabelled.positions).allSatisfy { boxes[$0] != nil } }

  /// The lungs of an image as the classifier reads them, each edge of their box moved by up to `variation` of the
  /// box's height or width, as another network would find them.
  func lungs(_ position: Int, _ size: Int, variation: Double, using generator: inout SplitMix64) -> GrayImage
  {
    let box = (boxes[position] ?? .whole).varied(by: variation, using: &generator)
    let values = cache.part(position, size: size, box: box.pixels(ofSide:))
    return GrayImage(size: size, pixels: values.map { UInt8(($0 * 255).rounded()) })
  }
}

/// The lungs' box of an image, as it goes from rank to rank.
private struct FoundLungs: RankRecord {
  let position: Int
  let box: LungBox
  static let length = 5

  init(position: Int, box: LungBox) { (self.position, self.box) = (position, box) }

  var numbers: [UInt64] {
    [UInt64(position)] + [box.top, box.bottom, box.left, box.right].map(\.bitPattern)
  }

  init?(numbers: [UInt64]) {
    guard let position = Int(exactly: numbers[0]) else { return nil }
    let edges = numbers.dropFirst().map { Double(bitPattern: $0) }
    self.init(
      position: position, box: LungBox(top: edges[0], bottom: edges[1], left: edges[2], right: edges[3]))
  }
}

extension LungBox {
  /// - Parameter share: less than 1/2.
  func varied(by share: Double, using generator: inout SplitMix64) -> LungBox {
    guard share > 0 else { return self }
    func move(_ extent: Double) -> Double { generator.real(in: -share...share) * extent }
    return LungBox(
      top: min(top + move(height), 0.99), bottom: max(bottom + move(height), 0.01),
      left: min(left + move(width), 0.99), right: max(right + move(width), 0.01))
  }
}
