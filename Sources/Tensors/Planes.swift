internal import CKernels

// Small passes between the layers: global average, its gradient, and the bridge's interpolation.
extension FeatureMap {
  /// The mean of each channel.
  @specialized(where Element == Float)
  public func channelMeans() -> [Element] {
    var sums = [Double](repeating: 0, count: channels)
    for pixel in 0..<height * width {
      for channel in 0..<channels {
        sums[channel] += Double(unsafe memory.base[offset + pixel * stride + channel])
      }
    }
    return sums.map { Element($0 / Double(height * width)) }
  }

  /// Sets every pixel to the same values, one per channel.
  @specialized(where Element == Float)
  public func fill(eachPixel values: [Element]) {
    precondition(values.count == channels)
    for pixel in 0..<height * width {
      for channel in 0..<channels {
        unsafe memory.base[offset + pixel * stride + channel] = values[channel]
      }
    }
  }

  /// Channel `channel` of this map = `plane` at this map's size, bilinear with aligned corners.
  @specialized(where Element == Float)
  public func resample(_ plane: FeatureMap, intoChannel channel: Int) {
    precondition(plane.channels == 1 && (0..<channels).contains(channel))
    for row in 0..<height {
      let (r0, r1, v) = Self.source(row, plane.height, height)
      for column in 0..<width {
        let (k0, k1, u) = Self.source(column, plane.width, width)
        let p = unsafe plane.memory.base + plane.offset
        let top = unsafe p[r0 * plane.width + k0] * (1 - u) + p[r0 * plane.width + k1] * u
        let bottom = unsafe p[r1 * plane.width + k0] * (1 - u) + p[r1 * plane.width + k1] * u
        unsafe memory.base[offset + (row * width + column) * stride + channel] = top * (1 - v) + bottom * v
      }
    }
  }

  private static func source(_ i: Int, _ input: Int, _ output: Int) -> (Int, Int, Element) {
    let position = output > 1 ? Double(i) * Double(input - 1) / Double(output - 1) : 0
    let low = min(Int(position), input - 1)
    return (low, min(low + 1, input - 1), Element(position - Double(low)))
  }

  /// Every value becomes its magnitude.
  @specialized(where Element == Float)
  public func formMagnitude() {
    precondition(channels == stride)
    for i in 0..<height * width * stride {
      unsafe memory.base[offset + i] = abs(unsafe memory.base[offset + i])
    }
  }
}
