/// What a mask looks like as a pair of lungs, and whether it can be one: a gate behind the network for pictures that
/// are no chests whatever their header says, a hip, teeth, a chest on its side. A decoder that has seen nothing but
/// chests draws two regions in nearly everything; but it is less sure of them, they are of another outline, and they
/// aren't darker than what lies between them.
///
/// Bounds and score were chosen on what the released decoder draws on 2,638 radiographs of nine sources: how many they
/// refuse there, and which other pictures they let through, is in `samples/MODEL-CARD.md`.
public struct LungShape: Sendable, Equatable {
  /// Lungs: regions of at least a tenth of the largest.
  public let regions: Int
  /// Share of the square that is lung.
  public let area: Double
  /// Mean |2 p - 1| over the pixels with p > 0.05: how sure the network is of what it draws.
  public let certainty: Double
  /// Dice of the outline, its box stretched to a square, with that of lungs in general.
  public let likeness: Double
  /// Brightness of the rest of the box less that of the lungs, in shares of the display range.
  public let contrast: Double

  /// What to make of it.
  public enum Verdict: String, Sendable, Codable, CaseIterable {
    /// A pair of lungs.
    case lungs
    /// Perhaps one: worth a note.
    case doubtful
    /// None.
    case notFound
  }

  /// - Parameters:
  ///   - probability: of lung, [side * side], row by row, without islands: see ``Prediction/lungProbability``.
  ///   - image: the whole picture, [side * side], 0...1.
  public init(_ probability: [Float], in image: [Float], side: Int) {
    precondition(probability.count == side * side && image.count == side * side)
    var (sureness, drawn, inLungs) = (0.0, 0, 0)
    for p in probability {
      if p > 0.05 {
        sureness += Double(abs(2 * p - 1))
        drawn += 1
      }
      if p >= 0.5 { inLungs += 1 }
    }
    certainty = sureness / Double(max(drawn, 1))
    let isLung = probability.map { $0 >= 0.5 }
    area = Double(inLungs) / Double(side * side)
    regions = LungRegions.lungs(probability, side: side)
    guard let box = LungBox(around: isLung, side: side, margin: 0)?.pixels(ofSide: side) else {
      (likeness, contrast) = (0, 0)
      return
    }
    let cells = Self.cells
    var (sums, counts) = (
      [Double](repeating: 0, count: cells * cells), [Double](repeating: 0, count: cells * cells)
    )
    var (inside, outside) = ((sum: 0.0, count: 0.0), (sum: 0.0, count: 0.0))
    let cellOfColumn = (0..<box.columns).map { $0 * cells / box.columns }
    for row in 0..<box.rows {
      let firstCell = row * cells / box.rows * cells
      for column in 0..<box.columns {
        let pixel = (box.row + row) * side + box.column + column
        let cell = firstCell + cellOfColumn[column]
        counts[cell] += 1
        if isLung[pixel] {
          sums[cell] += 1
          inside = (inside.sum + Double(image[pixel]), inside.count + 1)
        } else {
          outside = (outside.sum + Double(image[pixel]), outside.count + 1)
        }
      }
    }
    let outline = zip(sums, counts).map { $1 > 0 ? $0 / $1 : 0 }
    let common = zip(outline, Self.lungs).reduce(0) { $0 + min($1.0, $1.1) }
    likeness = 2 * common / (outline.reduce(0, +) + Self.lungs.reduce(0, +))
    contrast = outside.sum / max(outside.count, 1) - inside.sum / max(inside.count, 1)
  }

  /// How far it is from lungs as they usually are, in about the spread of each measure: 0 and less is usual, the more
  /// the stranger. Contrast alone refuses nothing: a chest whose polarity is stated wrongly is dubious, but a chest.
  public var strangeness: Double {
    (0.93 - certainty) / 0.03 + (0.88 - likeness) / 0.05 + min(max(0, 0.1 - contrast) / 0.05, 2)
  }

  public var verdict: Verdict {
    guard (2...5).contains(regions), (0.06...0.7).contains(area), strangeness <= 7 else { return .notFound }
    return strangeness <= 4.5 ? .lungs : .doubtful
  }

  /// Cells along a side of the outline.
  private static let cells = 16
  /// How often each cell of the box is lung, in ninths: the mean of every seventh of those radiographs and their mirror
  /// images.
  private static let lungs: [Double] = [
    "0002564114652000",
    "0027997117997200",
    "0269997227999620",
    "0489997227999840",
    "1599997117999951",
    "1799997117999971",
    "2899997117999982",
    "3899997117999983",
    "3899997117999983",
    "4999997007999994",
    "5999996006999995",
    "6999996006999996",
    "7888885005888887",
    "7765563003655677",
    "6422231001322246",
    "3100010000100013",
  ].joined().compactMap(\.wholeNumberValue).map { Double($0) / 9 }
}
