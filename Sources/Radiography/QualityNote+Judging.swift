extension QualityNote {
  /// Notes that follow from the displayed values alone: saturation, contrast, size.
  static func judging(
    _ values: [Float], padding: [Bool]?, displayRange: (low: Float, high: Float), rows: Int, columns: Int
  ) -> [QualityNote] {
    var notes: [QualityNote] = []
    // The air beside a patient is often black on purpose; detail lost in white is lost anatomy.
    var white = 0
    var count = 0
    if let padding {
      for (value, isPadding) in zip(values, padding) where !isPadding {
        count += 1
        if value >= 1 { white += 1 }
      }
    } else {
      count = values.count
      for value in values where value >= 1 { white += 1 }
    }
    let fraction = Double(white) / Double(max(count, 1))
    if fraction > 0.1 { notes.append(.saturated(fraction: fraction)) }

    let span = Double(displayRange.high - displayRange.low)
    if span < 0.2 { notes.append(.lowContrast(span: span)) }

    if min(rows, columns) < 200 { notes.append(.tinyMatrix(rows: rows, columns: columns)) }
    return notes
  }
}
