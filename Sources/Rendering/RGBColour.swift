/// A colour, each part 0...1.
package struct RGBColour: Sendable, Equatable {
  package var red: Float
  package var green: Float
  package var blue: Float

  package init(red: Float, green: Float, blue: Float) {
    (self.red, self.green, self.blue) = (red, green, blue)
  }

  /// `gray(value).packed`, for whole pictures.
  static func packedGray(_ value: Float) -> UInt32 { UInt32(min(max(value, 0), 1) * 255 + 0.5) * 0x010101 }

  package static func gray(_ value: Float) -> RGBColour {
    RGBColour(red: value, green: value, blue: value)
  }

  /// 0x00RRGGBB, as a `Canvas` takes its pixels; parts beyond 0...1 are clamped.
  @inline(__always) package var packed: UInt32 {
    @inline(__always) func byte(_ part: Float) -> UInt32 { UInt32(min(max(part, 0), 1) * 255 + 0.5) }
    return byte(red) << 16 | byte(green) << 8 | byte(blue)
  }
}
