internal import Rendering
internal import Training

/// The colours of plots: Okabe and Ito's, which the colour-blind tell apart, over white.
enum Palette {
  static let ink = RGBColour(red: 0.13, green: 0.14, blue: 0.16)
  static let quiet = RGBColour(red: 0.40, green: 0.42, blue: 0.45)
  static let axis = RGBColour(red: 0.55, green: 0.57, blue: 0.60)
  static let grid = RGBColour(red: 0.91, green: 0.92, blue: 0.93)
  static let ground = RGBColour(red: 1, green: 1, blue: 1)

  static let blue = RGBColour(red: 0, green: 0.447, blue: 0.698)
  static let vermillion = RGBColour(red: 0.835, green: 0.369, blue: 0)
  static let green = RGBColour(red: 0, green: 0.620, blue: 0.451)
  static let orange = RGBColour(red: 0.902, green: 0.624, blue: 0)
  static let sky = RGBColour(red: 0.337, green: 0.706, blue: 0.914)
  static let purple = RGBColour(red: 0.800, green: 0.475, blue: 0.655)
  static let indigo = RGBColour(red: 0.20, green: 0.13, blue: 0.53)
  static let gray = RGBColour(red: 0.40, green: 0.40, blue: 0.40)

  /// One of `count` colours around the circle of hues, every other one darker.
  static func colour(_ place: Int, of count: Int) -> RGBColour {
    let value: Float = place.isMultiple(of: 2) ? 0.85 : 0.5
    func part(_ offset: Float) -> Float {
      let k = (offset + 6 * Float(place) / Float(max(1, count))).truncatingRemainder(dividingBy: 6)
      return value * (1 - 0.9 * max(0, min(k, 4 - k, 1)))
    }
    return RGBColour(red: part(5), green: part(3), blue: part(1))
  }

  /// Over a radiograph: bright, and far from grey and from the heat map.
  static let reference = RGBColour(red: 1, green: 0.76, blue: 0.15)
  static let predicted = RGBColour(red: 0.1, green: 0.9, blue: 1)
}
