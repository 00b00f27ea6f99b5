/// How well a lung mask agrees with the reference, over one image of size x size pixels.
public struct SegmentationMetrics: Sendable, Equatable, Codable {
  /// 2 |A B| / (|A| + |B|) and |A B| / |A or B|; 1 where both are empty.
  public let dice, jaccard: Double
  /// Structural similarity of the two binary masks (Wang et al. 2004; 7x7 windows, data range 1).
  public let ssim: Double
  /// The largest distance from a pixel of one mask to the other mask, and the 95th percentile over border
  /// pixels (MONAI's definition), in pixels of ``distanceSize``; the image's diagonal where just one mask is empty.
  public let hausdorff, hausdorff95: Double
  /// Of lung pixels; 1 where both masks are empty, 0 where just one is.
  public let precision, recall: Double
  /// Share of the image's pixels in the predicted and in the reference mask, for the agreement of areas.
  public let predictedFraction, referenceFraction: Double

  /// Side in pixels of the image that distances are stated for, whatever size the masks have.
  public static let distanceSize = 256

  enum CodingKeys: String, CodingKey {
    case dice, jaccard, ssim, hausdorff, hausdorff95, precision, recall
    case predictedFraction = "predicted_fraction"
    case referenceFraction = "reference_fraction"
  }

  /// - Parameter prediction, reference: [size * size], row by row; whether the pixel is lung.
  public init(prediction: [Bool], reference: [Bool], size: Int) {
    precondition(prediction.count == size * size && reference.count == size * size)
    var both = 0
    var predicted = 0
    var expected = 0
    for i in prediction.indices {
      if prediction[i] { predicted += 1 }
      if reference[i] { expected += 1 }
      if prediction[i] && reference[i] { both += 1 }
    }
    func ratio(_ a: Int, _ b: Int) -> Double { b == 0 ? 1 : Double(a) / Double(b) }
    dice = ratio(2 * both, predicted + expected)
    jaccard = ratio(both, predicted + expected - both)
    precision = predicted == 0 && expected > 0 ? 0 : ratio(both, predicted)
    recall = expected == 0 && predicted > 0 ? 0 : ratio(both, expected)
    predictedFraction = Double(predicted) / Double(max(1, size * size))
    referenceFraction = Double(expected) / Double(max(1, size * size))
    ssim = StructuralSimilarity.between(prediction, reference, size: size)
    let distance = MaskDistance(prediction, reference, size: size)
    let scale = Double(Self.distanceSize) / Double(size)
    hausdorff = distance.hausdorff * scale
    hausdorff95 = distance.hausdorff95 * scale
  }
}

extension SegmentationMetrics {
  package static let figureCount = 9

  /// All of them, to the bit, in an order of their own: for who sends them from process to process.
  package var figures: [Double] {
    [
      dice, jaccard, ssim, hausdorff, hausdorff95, precision, recall, predictedFraction, referenceFraction,
    ]
  }

  /// - Parameter figures: as ``figures`` gives them.
  package init(figures: [Double]) {
    precondition(figures.count == Self.figureCount)
    (dice, jaccard, ssim) = (figures[0], figures[1], figures[2])
    (hausdorff, hausdorff95) = (figures[3], figures[4])
    (precision, recall) = (figures[5], figures[6])
    (predictedFraction, referenceFraction) = (figures[7], figures[8])
  }
}
