import MultiMix
import Tensors
import Testing

/// Which regions of a lung mask are taken for lungs.
@Suite struct LungRegionsTests {
  /// Rows of a picture: `#` is lung, `o` nearly lung, anything else isn't.
  private func cleaned(_ rows: [String]) -> [String] {
    let probability = rows.flatMap { $0.map { $0 == "#" ? 0.9 : $0 == "o" ? 0.4 : Float(0) } }
    let result = LungRegions.mended(probability, side: rows.count)
    return (0..<rows.count).map { row in
      String(result[row * rows.count..<(row + 1) * rows.count].map { $0 >= 0.5 ? "#" : $0 > 0 ? "o" : "." })
    }
  }

  @Test func islandsGoAndLungsStay() {
    let lungs = [
      "....................", ".#####......#####...", ".#####......#####...", ".#####......#####...",
      ".#####......#####...", ".#####......#####...", "........#...........", "....................",
    ]
    let empty = String(repeating: ".", count: 20)
    let picture = lungs + Array(repeating: empty, count: 12)
    var without = picture
    without[6] = empty
    #expect(cleaned(picture) == without)
    // A tenth of the largest is enough: 3 pixels of 25, in an angle; touching by corners doesn't join.
    let angle = Array(picture.prefix(16)) + ["..................#.", ".................##.", empty, empty]
    #expect(cleaned(angle) == Array(without.prefix(16)) + angle.suffix(4))
    let corners = Array(picture.prefix(16)) + ["..................#.", ".................#..", empty, empty]
    #expect(cleaned(corners) == without)
  }

  @Test func holesCloseAndBaysStay() {
    let empty = String(repeating: ".", count: 20)
    func picture(_ middle: [String]) -> [String] {
      Array(repeating: empty, count: 5) + middle + Array(repeating: empty, count: 5)
    }
    let lung = Array(repeating: "....############....", count: 10)
    var (hole, bay, large) = (lung, lung, lung)
    hole[4] = "....####oo######...."
    bay[4] = "........########...."
    for row in 2..<6 { large[row] = "....####....####...." }
    #expect(cleaned(picture(hole)) == picture(lung))
    #expect(cleaned(picture(bay)) == picture(bay))
    // It opens by a corner only.
    var corner = lung
    corner[0] = "....#####.######...."
    corner[1] = "....######.#####...."
    #expect(cleaned(picture(corner)) == picture(corner))
    // 16 pixels of 104: more than a tenth.
    #expect(cleaned(picture(large)) == picture(large))
  }

  @Test func whatIsLessThanHalfIsLeft() {
    let rows = ["oooo", "o##o", "o##o", "oooo"]
    #expect(cleaned(rows) == rows)
    #expect(cleaned(["....", "....", "....", "...."]) == ["....", "....", "....", "...."])
    #expect(cleaned(["####", "####", "####", "####"]) == ["####", "####", "####", "####"])
  }
}

/// The regions against a flood fill, on pictures of noise in which they touch by edges, corners and not at all.
@Suite struct NoisyRegionsTests {
  @Test(arguments: 0..<40) func floodFillFindsTheSame(seed: Int) {
    let side = [1, 2, 7, 16, 33][seed % 5]
    var generator = SplitMix64(UInt64(seed))
    let share = generator.uniform(0.2...0.8)
    let probability = (0..<side * side).map { _ in Float(generator.chance(share) ? 0.75 : 0.25) }
    #expect(LungRegions.mended(probability, side: side) == filled(probability, side))
  }

  private func filled(_ probability: [Float], _ side: Int) -> [Float] {
    let isLung = probability.map { $0 >= 0.5 }
    var regions: [[Int]] = []
    var isSeen = [Bool](repeating: false, count: isLung.count)
    for start in isLung.indices where !isSeen[start] {
      var region = [start]
      isSeen[start] = true
      var next = 0
      while next < region.count {
        let (row, column) = (region[next] / side, region[next] % side)
        next += 1
        for y in max(0, row - 1)...min(side - 1, row + 1) {
          for x in max(0, column - 1)...min(side - 1, column + 1) {
            let other = y * side + x
            guard !isSeen[other], isLung[other] == isLung[start] else { continue }
            guard !isLung[start] || y == row || x == column else { continue }
            isSeen[other] = true
            region.append(other)
          }
        }
      }
      regions.append(region)
    }
    let largest = regions.filter { isLung[$0[0]] }.map(\.count).max() ?? 0
    var mended = probability
    for region in regions where Double(region.count) < 0.1 * Double(largest) {
      let touches = region.contains {
        [0, side - 1].contains($0 / side) || [0, side - 1].contains($0 % side)
      }
      if isLung[region[0]] {
        for pixel in region { mended[pixel] = 0 }
      } else if !touches {
        for pixel in region { mended[pixel] = 1 }
      }
    }
    return mended
  }
}
