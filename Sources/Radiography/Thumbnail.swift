/// A picture at 64 x 64, its 1st and 99th percentile stretched to 0 and 1, on which polarity and orientation are
/// judged.
struct Thumbnail: Sendable {
  static let size = 64
  /// 0...1, row-major.
  let values: [Float]

  /// The part `box` of a picture, row-major, 0 black to 1 white; nil where it is too small to judge.
  init?(of values: [Float], stride: Int, box: PixelBox) {
    guard min(box.rows, box.columns) >= Self.size else { return nil }
    let picture = resample(
      values, stride: stride, box: box, rows: ResamplingAxis(from: box.rows, to: Self.size),
      columns: ResamplingAxis(from: box.columns, to: Self.size))
    let ordered = picture.sorted()
    let low = ordered[ordered.count / 100]
    let span = max(ordered[ordered.count * 99 / 100] - low, 1e-6)
    self.values = picture.map { min(max(($0 - low) / span, 0), 1) }
  }

  private init(values: [Float]) { self.values = values }

  func turned(by turning: Turning) -> Thumbnail {
    Thumbnail(values: turning(values, rows: Self.size, columns: Self.size))
  }
}
