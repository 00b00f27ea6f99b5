import MultiMix
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
