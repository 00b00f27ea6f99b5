/// How far apart two masks are, in pixels.
struct MaskDistance {
  /// The largest distance from a pixel of one mask to the other mask, as `skimage.metrics.hausdorff_distance`.
  let hausdorff: Double
  /// The larger of the two directed 95th percentiles: of the distances from the border pixels of one mask to
  /// those of the other, interpolated linearly, as MONAI's `compute_hausdorff_distance(percentile=95)`. A border
  /// pixel has one of its four neighbours outside the mask or the image.
  let hausdorff95: Double

  /// Two empty masks are 0 apart. Where just one is empty there is no distance; the image's diagonal, which no
  /// distance exceeds, stands for it so that the mean over images stays finite.
  init(_ a: [Bool], _ b: [Bool], size: Int) {
    let (emptyA, emptyB) = (!a.contains(true), !b.contains(true))
    guard !emptyA && !emptyB else {
      hausdorff = emptyA && emptyB ? 0 : 2.0.squareRoot() * Double(size)
      hausdorff95 = hausdorff
      return
    }
    let (borderA, borderB) = (Self.border(a, size), Self.border(b, size))
    let there = Self.directed(a, borderA, to: b, borderB, size)
    let back = Self.directed(b, borderB, to: a, borderA, size)
    hausdorff = max(there.farthest, back.farthest)
    hausdorff95 = max(there.percentile, back.percentile)
  }

  private static func border(_ mask: [Bool], _ size: Int) -> [Bool] {
    mask.indices.map { i in
      let (row, column) = (i / size, i % size)
      let inside = row > 0 && row < size - 1 && column > 0 && column < size - 1
      return mask[i] && !(inside && mask[i - size] && mask[i + size] && mask[i - 1] && mask[i + 1])
    }
  }

  private static func directed(
    _ mask: [Bool], _ border: [Bool], to other: [Bool], _ otherBorder: [Bool], _ size: Int
  ) -> (farthest: Double, percentile: Double) {
    // The pixel of a mask that is nearest to one outside it always lies on its border.
    let squared = DistanceTransform.squared(to: otherBorder, size: size)
    var farthest = 0
    var distances: [Double] = []
    for i in mask.indices where mask[i] {
      if !other[i] { farthest = max(farthest, squared[i]) }
      if border[i] { distances.append(Double(squared[i]).squareRoot()) }
    }
    distances.sort()
    return (Double(farthest).squareRoot(), distances.quantile(ofSorted: 0.95))
  }
}
