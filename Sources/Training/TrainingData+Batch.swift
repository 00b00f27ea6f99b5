internal import Archive
package import MultiMix
internal import Tensors

extension TrainingData {
  /// A stream of images; its number is a part of what seeds each image's random numbers.
  private enum Stream: UInt64, CaseIterable {
    case segmentation = 1
    case segmentationUnlabelled
    case classification
    case unlabelled
  }

  private func pool(_ stream: Stream) -> Pool {
    switch stream {
    case .segmentation: segmentation
    case .segmentationUnlabelled: segmentationUnlabelled
    case .classification: classification
    case .unlabelled: unlabelled
    }
  }

  /// How many images of a stream a step takes.
  private func count(_ stream: Stream, _ configuration: TrainingConfiguration) -> Int {
    guard !pool(stream).isEmpty else { return 0 }
    let (batch, objective) = (configuration.grownBatch, configuration.objective)
    switch stream {
    case .segmentation: return batch.segmentation
    case .segmentationUnlabelled: return objective.activeConsistency == nil ? 0 : batch.segmentationUnlabelled
    case .classification: return batch.classification
    case .unlabelled: return objective.pseudoLabel > 0 ? batch.unlabelled : 0
    }
  }

  /// One image of a step, by its place in its stream.
  private struct Place: Sendable {
    let stream: Stream
    let number: Int
  }

  private func places(_ configuration: TrainingConfiguration) -> [Place] {
    Stream.allCases.flatMap { stream in
      (0..<count(stream, configuration)).map { Place(stream: stream, number: $0) }
    }
  }

  /// The position of the image at a place, and the generator of all else that is random about it: no image's random
  /// numbers depend on another's.
  private func draw(_ place: Place, step: Int, seed: UInt64) -> (position: Int, generator: SplitMix64) {
    var generator = SplitMix64(seed, UInt64(step), place.stream.rawValue, UInt64(place.number))
    let position = pool(place.stream).draw(using: &generator)
    return (position, generator)
  }

  /// The batch of a step: a function of the seed and the step alone.
  /// - Parameters:
  ///   - share: whose lanes are computed here. Images of other lanes are counted, but not drawn: their pixels are
  ///     empty.
  ///   - threads: how many draw images at a time.
  package func batch(
    step: Int, size: Int, configuration: TrainingConfiguration, share: LaneShare = .whole, threads: Int = 1
  ) -> Batch<Float> {
    let configuration = configuration.trained
    var batch = Batch<Float>(size: size)
    batch.segmentation = Array(repeating: ([], []), count: count(.segmentation, configuration))
    batch.segmentationUnlabelled = Array(repeating: [], count: count(.segmentationUnlabelled, configuration))
    batch.classification = Array(repeating: ([], 0), count: count(.classification, configuration))
    batch.unlabelled = Array(repeating: ([], []), count: count(.unlabelled, configuration))
    if configuration.objective.consistencyKind == .weakToStrong {
      batch.segmentationStrong = batch.segmentationUnlabelled
    }
    let places = batch.items.enumerated().filter { $0.offset % share.count == share.index }
      .flatMap { Self.places(of: $0.element) }
    let views = concurrentMap(0..<places.count, threads: threads) { i in
      let drawn = self.draw(places[i], step: step, seed: configuration.seed)
      var generator = drawn.generator
      return self.views(places[i].stream, drawn.position, size, configuration, using: &generator)
    }
    for (place, view) in zip(places, views) {
      switch view {
      case .masked(let image, let mask): batch.segmentation[place.number] = (image, mask)
      case .unmasked(let weak, let strong):
        batch.segmentationUnlabelled[place.number] = weak
        if let strong { batch.segmentationStrong[place.number] = strong }
      case .labelled(let image, let label): batch.classification[place.number] = (image, label)
      case .unlabelled(let weak, let strong): batch.unlabelled[place.number] = (weak, strong)
      }
    }
    return batch
  }

  /// The images that a piece of a step's work takes.
  private static func places(of item: BatchItem) -> [Place] {
    switch item {
    case .segmentation(let labelled, let unlabelled):
      [
        labelled.map { Place(stream: .segmentation, number: $0) },
        unlabelled.map { Place(stream: .segmentationUnlabelled, number: $0) },
      ].compactMap(\.self)
    case .classification(let i): [Place(stream: .classification, number: i)]
    case .unlabelled(let i): [Place(stream: .unlabelled, number: i)]
    }
  }

  /// The SOP Instance UIDs of a step's images.
  package func describe(step: Int, _ configuration: TrainingConfiguration) -> [String] {
    places(configuration.trained).map {
      index.images[draw($0, step: step, seed: configuration.seed).position].sopInstanceUID
    }
  }

  /// What the network sees of an image, by stream.
  private enum Views: Sendable {
    case masked([Float], mask: [Float])
    case unmasked([Float], strong: [Float]?)
    case labelled([Float], Int)
    case unlabelled(weak: [Float], strong: [Float])
  }

  private func views(
    _ stream: Stream, _ position: Int, _ size: Int, _ configuration: TrainingConfiguration,
    using generator: inout SplitMix64
  ) -> Views {
    let image = picture(stream, position, size, configuration, using: &generator)
    switch stream {
    case .segmentation:
      let source = mixed(image, of: position, configuration, using: &generator)
      let (view, mask) = Augmentation.segmentation(source, mask: mask(position, size), using: &generator)
      return .masked(varied(view, configuration, using: &generator).values, mask: mask?.values ?? [])
    case .segmentationUnlabelled:
      let (weak, strong) = consistencyViews(image, of: position, configuration, using: &generator)
      return .unmasked(weak.values, strong: strong?.values)
    case .classification:
      let view = labelledView(
        mixed(image, of: position, configuration, using: &generator), configuration, using: &generator)
      return .labelled(view.values, index.images[position].finding?.classIndex ?? 0)
    case .unlabelled:
      let weak = Augmentation.weak(image, using: &generator)
      let other = mixed(image, of: position, configuration, using: &generator)
      return .unlabelled(
        weak: weak.values, strong: Augmentation.strong(other, using: &generator).values)
    }
  }

  /// What a stream's images are views of: the whole picture, or what the classifier reads of it.
  private func picture(
    _ stream: Stream, _ position: Int, _ size: Int, _ configuration: TrainingConfiguration,
    using generator: inout SplitMix64
  ) -> GrayImage {
    switch (configuration.view, stream) {
    case (.lungs, .classification), (.lungs, .unlabelled):
      lungs(position, size, variation: configuration.lungBoxVariation, using: &generator)
    case (.whole, _), (_, .segmentation), (_, .segmentationUnlabelled): image(position, size)
    }
  }

  private func labelledView(
    _ image: GrayImage, _ configuration: TrainingConfiguration, using generator: inout SplitMix64
  ) -> GrayImage {
    if !configuration.variedFindings && generator.coin() {
      return Augmentation.weak(image, using: &generator)
    }
    let (view, _) = Augmentation.segmentation(image, mask: nil, using: &generator)
    return varied(view, configuration, using: &generator)
  }

  /// An image without a mask as the consistency term takes it: one view, or a weak and a strong one of the same
  /// pixels, whose teacher sees the image's own grey levels.
  private func consistencyViews(
    _ image: GrayImage, of position: Int, _ configuration: TrainingConfiguration,
    using generator: inout SplitMix64
  ) -> (weak: GrayImage, strong: GrayImage?) {
    guard configuration.objective.consistencyKind == .weakToStrong else {
      let mixed = mixed(image, of: position, configuration, using: &generator)
      return (Augmentation.segmentation(mixed, mask: nil, using: &generator).image, nil)
    }
    let weak = Augmentation.segmentation(image, mask: nil, using: &generator).image
    let mixed = mixed(weak, of: position, configuration, using: &generator)
    return (weak, Augmentation.strongInPlace(mixed, using: &generator))
  }

  /// With the configuration's probability, an image at `position` with grey levels nearer another source's.
  private func mixed(
    _ image: GrayImage, of position: Int, _ configuration: TrainingConfiguration,
    using generator: inout SplitMix64
  ) -> GrayImage {
    guard configuration.domainMixing > 0,
      generator.real(below: 1) < configuration.domainMixing,
      let partner = mixing.partner(ofSource: index.images[position].source, using: &generator)
    else { return image }
    return image.matched(
      to: self.image(partner, image.size), strength: generator.real(in: 0...1))
  }

  /// With the configuration's probability, the image as another detector might give it.
  private func varied(
    _ image: GrayImage, _ configuration: TrainingConfiguration, using generator: inout SplitMix64
  ) -> GrayImage {
    guard configuration.detectorVariation > 0,
      generator.real(below: 1) < configuration.detectorVariation
    else { return image }
    return Augmentation.detectorVariation(image, using: &generator)
  }

  private func image(_ i: Int, _ size: Int) -> GrayImage {
    GrayImage(size: cache.size, pixels: cache.imageBytes(i)).reduced(to: size)
  }

  private func mask(_ i: Int, _ size: Int) -> GrayImage {
    GrayImage(size: cache.size, pixels: cache.maskBytes(i) ?? []).reduced(to: size)
  }
}
