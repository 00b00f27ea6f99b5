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
    let masked = Set(segmentation.positions)
    let wanted = Set(classification.positions + unlabelled.positions).sorted()
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
    var data = self
    data.boxes = Dictionary(
      uniqueKeysWithValues: wanted.indices.map {
        (wanted[$0], shares[$0 % threads][$0 / threads] ?? .whole)
      })
    return data
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
