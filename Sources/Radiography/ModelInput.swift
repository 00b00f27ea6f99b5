/// The network's view of a radiograph. Training and serving share it: there is one way from a file to a tensor.
///
/// The content box is resampled with an antialiasing triangle filter to `size` x `size`, stretched to a square
/// as in the paper; then brightness is stretched so that the 0.5th and 99.5th percentile of the non-padding
/// pixels at source resolution become 0 and 1, and clipped.
public struct ModelInput: Sendable {
  /// Side of the square in pixels.
  public let size: Int
  /// `size` x `size` values in 0...1, row-major.
  public let values: [Float]
  /// The part of the source that `values` shows.
  public let contentBox: PixelBox
  /// Size of the source in pixels.
  public let sourceRows, sourceColumns: Int

  /// Resamples a radiograph for a network of input side `size`.
  public init(_ radiograph: Radiograph, size: Int = 256) {
    precondition(size > 0)
    self.size = size
    contentBox = radiograph.contentBox
    sourceRows = radiograph.rows
    sourceColumns = radiograph.columns
    let (low, high) = radiograph.displayRange
    let scale = high > low ? 1 / (high - low) : 0
    values = resample(
      radiograph.values, stride: radiograph.columns, box: contentBox,
      rows: ResamplingAxis(from: contentBox.rows, to: size),
      columns: ResamplingAxis(from: contentBox.columns, to: size)
    ).map { min(max(($0 - low) * scale, 0), 1) }
  }

  /// A map on the network's square (`size` x `size`) brought back to the source's rows x columns, bilinearly;
  /// 0 outside the content box. Row-major.
  public func mapBack(_ map: [Float]) -> [Float] {
    precondition(map.count == size * size)
    let rowTaps = LinearTaps(from: size, to: contentBox.rows)
    let columnTaps = LinearTaps(from: size, to: contentBox.columns)
    var result = [Float](repeating: 0, count: sourceRows * sourceColumns)
    var line = [Float](repeating: 0, count: size)
    let side = size
    let box = contentBox
    let stride = sourceColumns
    unsafe map.withUnsafeBufferPointer { map in
      unsafe result.withUnsafeMutableBufferPointer { result in
        unsafe line.withUnsafeMutableBufferPointer { line in
          for row in 0..<box.rows {
            let upper = rowTaps.lower[row] * side
            let lower = min(rowTaps.lower[row] + 1, side - 1) * side
            let weight = rowTaps.weight[row]
            for column in 0..<side {
              unsafe line[column] = map[upper + column] + weight * (map[lower + column] - map[upper + column])
            }
            let target = (box.row + row) * stride + box.column
            for column in 0..<box.columns {
              let left = columnTaps.lower[column]
              let right = min(left + 1, side - 1)
              unsafe result[target + column] =
                line[left] + columnTaps.weight[column] * (line[right] - line[left])
            }
          }
        }
      }
    }
    return result
  }

  /// A mask on the source's pixels as the share of each network pixel that it covers, 0...1, for training
  /// targets: `size` x `size`, row-major, exact area average.
  /// - Parameters:
  ///   - mask: rows x columns, row-major; anything but 0 is inside.
  ///   - columns: width of `mask`.
  ///   - box: the radiograph's content box.
  public static func mask(_ mask: [UInt8], columns: Int, box: PixelBox, size: Int = 256) -> [Float] {
    precondition(columns > 0 && mask.count % columns == 0)
    precondition(box.row + box.rows <= mask.count / columns && box.column + box.columns <= columns)
    return resample(
      mask.map { $0 == 0 ? 0 : 1 }, stride: columns, box: box,
      rows: ResamplingAxis(from: box.rows, to: size, kernel: .area),
      columns: ResamplingAxis(from: box.columns, to: size, kernel: .area))
  }
}

/// Linear interpolation along one axis: for every output sample the lower of two neighbours and the upper
/// one's weight. Pixel centers lie at half integers; beyond the outermost centers the value stays.
private struct LinearTaps {
  let lower: [Int]
  let weight: [Float]

  init(from inputCount: Int, to outputCount: Int) {
    let scale = Double(inputCount) / Double(outputCount)
    let positions = (0..<outputCount).map { output in
      min(max((Double(output) + 0.5) * scale - 0.5, 0), Double(inputCount - 1))
    }
    lower = positions.map { Int($0) }
    weight = positions.map { Float($0 - Double(Int($0))) }
  }
}
