import Radiography

/// Saliency as colour over a radiograph: the stronger, the brighter and the less transparent.
package struct HeatMap: Sendable {
  /// Strength 0...1 of each pixel, row-major.
  let strength: [Float]

  /// A saliency map made fit to look at.
  ///
  /// An input gradient is a scatter of single pixels; what a reader wants is the region. So the map is smoothed
  /// (sigma 2 % of the longer side), then stretched between its median, the noise floor, and its 99.8th
  /// percentile, so that one outlier can't darken the rest. The result is relative: it tells where this image's
  /// decision came from, not how strong the evidence is.
  package init(saliency: [Float], width: Int, height: Int) {
    // Smoothing this wide leaves nothing that a coarser grid can't hold.
    let longer = max(width, height)
    let reduction = max(1, Double(longer) / 192)
    let smallWidth = max(1, Int((Double(width) / reduction).rounded()))
    let smallHeight = max(1, Int((Double(height) / reduction).rounded()))
    let magnitudes = saliency.map { $0.isFinite ? abs($0) : 0 }
    let small = Smoothing.gaussian(
      resample(
        magnitudes, stride: width, box: PixelBox(rows: height, columns: width),
        rows: ResamplingAxis(from: height, to: smallHeight),
        columns: ResamplingAxis(from: width, to: smallWidth)),
      width: smallWidth, height: smallHeight, sigma: 0.02 * Double(max(smallWidth, smallHeight)))
    let limits = Quantiles.of(small.map { max($0, 0) }, excluding: nil, at: [0.5, 0.998])
    let span = limits[1] - limits[0]
    strength = resample(
      small.map { span > 0 ? min(max(($0 - limits[0]) / span, 0), 1) : 0 }, stride: smallWidth,
      box: PixelBox(rows: smallHeight, columns: smallWidth),
      rows: ResamplingAxis(from: smallHeight, to: height),
      columns: ResamplingAxis(from: smallWidth, to: width))
  }

  /// The colours over a picture's brightness values (0...1, row-major): pixels for a `Canvas`.
  package func over(_ values: [Float]) -> [UInt32] {
    let ramp = Self.ramp
    return zip(values, strength).map { value, strength in
      let entry = ramp[Int(strength * 255 + 0.5)]
      let ground = min(max(value, 0), 1) * entry.ground
      return RGBColour(
        red: entry.colour.red + ground, green: entry.colour.green + ground,
        blue: entry.colour.blue + ground
      ).packed
    }
  }

  /// Opacity for a strength: nothing below a sixth, then smoothly up to `maximumOpacity`.
  static func opacity(_ strength: Float) -> Float {
    let t = min(max((strength - 0.15) / 0.75, 0), 1)
    return maximumOpacity * t * t * (3 - 2 * t)
  }

  /// Below 1, so that anatomy stays readable under the hottest spot.
  static let maximumOpacity: Float = 0.58

  /// Colour for a strength: the middle of the "inferno" map (van der Walt and Smith), whose lightness grows
  /// evenly. Its ends are left out, because black and near-white would pass for anatomy.
  static func colour(_ strength: Float) -> RGBColour {
    let x = 0.3 + 0.58 * min(max(strength, 0), 1)
    // Polynomial fit of the map, lowest power first.
    let red: [Float] = [
      0.00021894, 0.10651342, 11.60249308, -41.70399613, 77.16293570, -71.31942824, 25.13112622,
    ]
    let green: [Float] = [
      0.00165100, 0.56395644, -3.97285397, 17.43639888, -33.40235894, 32.62606426, -12.24266895,
    ]
    let blue: [Float] = [
      -0.01948090, 3.93271239, -15.94239411, 44.35414520, -81.80730926, 73.20951986, -23.07032500,
    ]
    func evaluate(_ coefficients: [Float]) -> Float {
      min(max(coefficients.reversed().reduce(0) { $0 * x + $1 }, 0), 1)
    }
    return RGBColour(red: evaluate(red), green: evaluate(green), blue: evaluate(blue))
  }

  /// 256 steps of colour already multiplied by their opacity, and the share of the ground that shines through.
  static let ramp: [(colour: RGBColour, ground: Float)] = (0..<256).map { step in
    let strength = Float(step) / 255
    let opacity = opacity(strength)
    let colour = colour(strength)
    return (
      RGBColour(red: colour.red * opacity, green: colour.green * opacity, blue: colour.blue * opacity),
      1 - opacity
    )
  }
}
