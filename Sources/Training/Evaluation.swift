public import Archive
internal import Dispatch
internal import Foundation
public import MultiMix

/// What a model does on the labelled images of an archive, image by image, and the figures drawn from it.
public struct Evaluation: Sendable {
  /// One image with a label or a mask.
  public struct Row: Sendable {
    public let image: ArchiveImage
    public let pneumoniaProbability: Double
    public let segmentation: SegmentationMetrics?
  }

  /// The figures over a set of images. A part is nil where no image has such labels.
  public struct Figures: Sendable, Codable, Equatable {
    public var classification: ClassificationMetrics?
    public var segmentation: Segmentation?

    public struct Segmentation: Sendable, Codable, Equatable {
      public let n: Int
      public let dice, jaccard, ssim, hausdorff, precision, recall: Double
    }
  }

  public let rows: [Row]
  public let threshold: Double
  /// What the model learned; the figures leave out the rest.
  public let system: System

  /// Reads the images at `positions` of the index that carry a finding or a mask.
  /// - Parameters:
  ///   - models: one predictor for each thread, all of the same model.
  ///   - progress: images done and in all; called from any thread.
  public init(
    _ models: [Predictor], index: ArchiveIndex, cache: ImageCache, positions: [Int],
    progress: @Sendable (Int, Int) -> Void = { _, _ in }
  ) {
    let labelled = positions.filter {
      cache.hasImage($0) && (index.images[$0].finding != nil || cache.hasMask($0))
    }
    threshold = models[0].metadata.decisionThreshold
    system = models[0].metadata.system
    let results = models.map { _ in Results() }
    let done = Counter()
    DispatchQueue.concurrentPerform(iterations: models.count) { t in
      results[t].rows = stride(from: t, to: labelled.count, by: models.count).map { n in
        let row = Self.read(labelled[n], models[t], index, cache)
        progress(done.increment(), labelled.count)
        return row
      }
    }
    rows = labelled.indices.map { results[$0 % models.count].rows[$0 / models.count] }
  }

  private static func read(_ position: Int, _ model: Predictor, _ index: ArchiveIndex, _ cache: ImageCache)
    -> Row
  {
    let prediction = model.predict(cache.image(position))
    let segmentation = cache.maskBytes(position).map { mask in
      SegmentationMetrics(
        prediction: prediction.maskLogits.map { $0 > 0 }, reference: mask.map { $0 > 127 }, size: cache.size)
    }
    return Row(
      image: index.images[position], pneumoniaProbability: prediction.pneumoniaProbability,
      segmentation: segmentation)
  }

  /// Over all rows, or those of one source folder.
  public func figures(source: String? = nil) -> Figures {
    let chosen = source.map { name in rows.filter { $0.image.source == name } } ?? rows
    var figures = Figures()
    let labelled = chosen.filter { system.classifies && $0.image.finding != nil }
    if !labelled.isEmpty {
      figures.classification = ClassificationMetrics(
        probabilities: labelled.map(\.pneumoniaProbability),
        labels: labelled.map { $0.image.finding == .pneumonia },
        threshold: threshold)
    }
    let masked = system.segments ? chosen.compactMap(\.segmentation) : []
    if let mean = SegmentationMetrics.mean(masked) {
      figures.segmentation = .init(
        n: masked.count, dice: mean.dice, jaccard: mean.jaccard, ssim: mean.ssim, hausdorff: mean.hausdorff,
        precision: mean.precision, recall: mean.recall)
    }
    return figures
  }

  public var sources: [String] { Set(rows.map(\.image.source)).sorted() }

  /// One line per image, RFC 4180.
  public var csv: String {
    var lines = [
      "sop_instance_uid,source,finding,pneumonia_probability,dice,jaccard,ssim,hausdorff,precision,recall"
    ]
    for row in rows {
      let figures = row.segmentation.map {
        [$0.dice, $0.jaccard, $0.ssim, $0.hausdorff, $0.precision, $0.recall].map {
          String(format: "%.5f", $0)
        }
      }
      let source = row.image.source
      let quoted =
        source.contains(where: { ",\"\r\n".contains($0) })
        ? "\"" + source.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : source
      lines.append(
        ([
          row.image.sopInstanceUID, quoted, row.image.finding?.rawValue ?? "",
          String(format: "%.6f", row.pneumoniaProbability),
        ] + (figures ?? Array(repeating: "", count: 6))).joined(separator: ","))
    }
    return lines.joined(separator: "\r\n") + "\r\n"
  }

  private final class Results: @unchecked Sendable {
    // Invariant: written by one iteration, read after all have ended.
    var rows: [Row] = []
  }

  private final class Counter: @unchecked Sendable {
    // Invariant: `value` is only touched under the lock.
    private let lock = NSLock()
    private var value = 0
    func increment() -> Int {
      lock.withLock {
        value += 1
        return value
      }
    }
  }
}
