import Archive
import Foundation
import Phantoms
import TestSupport
import Testing

@Suite("Phantoms")
struct PhantomTests {
  @Test("the same seed gives the same picture, another seed another")
  func determinism() {
    let phantom = Phantom(seed: 3, size: 128, finding: .normal)
    let again = Phantom(seed: 3, size: 128, finding: .normal)
    #expect(phantom.values == again.values)
    #expect(phantom.leftLung == again.leftLung && phantom.rightLung == again.rightLung)
    let other = Phantom(seed: 4, size: 128, finding: .normal)
    #expect(phantom.values != other.values)
    #expect(phantom.leftLung != other.leftLung)
  }

  @Test("an opacity brightens one lung and leaves outlines as they are", arguments: 0..<6 as Range<UInt64>)
  func opacity(_ seed: UInt64) {
    let normal = Phantom(seed: seed, size: 160, finding: .normal)
    let ill = Phantom(seed: seed, size: 160, finding: .pneumonia)
    #expect(normal.finding == .normal && ill.finding == .pneumonia)
    #expect(normal.leftLung == ill.leftLung && normal.rightLung == ill.rightLung)
    let changes = [normal.leftLung, normal.rightLung].map { lung in
      let inside = lung.indices.filter { lung[$0] == 1 }
      return inside.reduce(0) { $0 + ill.values[$1] - normal.values[$1] } / Float(inside.count)
    }
    #expect(changes.max() ?? 0 > 0.03)
    #expect(abs(changes[0] - changes[1]) > 0.02)
  }

  @Test(
    "looks like a chest: dark lungs of sensible size, the left one on the right",
    arguments: 0..<12 as Range<UInt64>)
  func anatomy(_ seed: UInt64) {
    let phantom = Phantom(seed: seed, size: 192, finding: .normal)
    #expect(max(phantom.rows, phantom.columns) == 192)
    #expect(phantom.values.allSatisfy { (0...1).contains($0) })
    #expect((0.4...2.5).contains(phantom.pixelSpacing))
    let pixels = phantom.values.indices
    let right = pixels.filter { phantom.rightLung[$0] == 1 }
    let left = pixels.filter { phantom.leftLung[$0] == 1 }
    #expect(Set(right).isDisjoint(with: left))
    for lung in [right, left] {
      #expect((0.09...0.3).contains(Double(lung.count) / Double(phantom.values.count)))
      #expect(Self.pieces(lung, columns: phantom.columns) == 1)
    }
    func middle(_ lung: [Int]) -> Int { lung.reduce(0) { $0 + $1 % phantom.columns } / lung.count }
    #expect(middle(right) < phantom.columns / 2 && middle(left) > phantom.columns / 2)
    // The heart lies behind the left lung's outline, so that it's the brighter one.
    func brightness(_ pixels: [Int]) -> Float { mean(pixels.map { phantom.values[$0] }) }
    #expect(brightness(left) > brightness(right))
    let between = pixels.filter {
      let column = $0 % phantom.columns
      let row = $0 / phantom.columns
      return abs(column - phantom.columns / 2) < phantom.columns / 40 && row > phantom.rows / 3
        && row < phantom.rows * 2 / 3
    }
    #expect(brightness(between) > brightness(right) + 0.15)
  }

  /// Number of connected pieces of a set of pixels.
  static func pieces(_ pixels: [Int], columns: Int) -> Int {
    var open = Set(pixels)
    var pieces = 0
    while let first = open.popFirst() {
      pieces += 1
      var stack = [first]
      while let pixel = stack.popLast() {
        let row = [pixel - 1, pixel, pixel + 1]
        for next in row + row.map({ $0 - columns }) + row.map({ $0 + columns })
        where open.remove(next) != nil { stack.append(next) }
      }
    }
    return pieces
  }
}
