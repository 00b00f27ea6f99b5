import DICOM

/// Patient Orientation (0020,0020): where the rows and the columns of a frontal picture lead (DICOM PS3.3
/// C.7.6.1.1.1). Upright is L\F: along a row to the patient's left, down a column to the feet.
struct StatedOrientation: Sendable, Equatable {
  private enum Direction: Character {
    case left = "L"
    case right = "R"
    case head = "H"
    case feet = "F"
  }
  private let alongRow, downColumn: Direction

  private init?(_ alongRow: Direction, _ downColumn: Direction) {
    let isVertical = [alongRow, downColumn].map { $0 == .head || $0 == .feet }
    guard isVertical[0] != isVertical[1] else { return nil }
    self.alongRow = alongRow
    self.downColumn = downColumn
  }

  /// Nil where the data set states none, none that is understood, or that of another view.
  init?(_ dataSet: DataSet) {
    let directions = Self.principalDirections(dataSet)
    guard directions.count == 2, let row = Direction(rawValue: directions[0]),
      let column = Direction(rawValue: directions[1])
    else { return nil }
    self.init(row, column)
  }

  /// The first letter of each value, in capitals: A, P, L, R, H or F. Words ("left", "FEET") are understood, and
  /// values that a slash or a comma separates; what isn't a direction gives an empty array.
  static func principalDirections(_ dataSet: DataSet) -> [Character] {
    var values = dataSet.strings(.patientOrientation)
    if values.count == 1 { values = values[0].split { "/,; |".contains($0) }.map(String.init) }
    guard values.count >= 2 else { return [] }
    let words: [String: Character] = [
      "LEFT": "L", "RIGHT": "R", "HEAD": "H", "CRANIAL": "H", "SUPERIOR": "H", "FOOT": "F", "FEET": "F",
      "CAUDAL": "F", "INFERIOR": "F", "ANTERIOR": "A", "POSTERIOR": "P",
    ]
    let directions = values.prefix(2).compactMap { value -> Character? in
      let text = CodeString(value).description
      if let word = words[text] { return word }
      return text.allSatisfy("ALRPHF".contains) ? text.first : nil
    }
    return directions.count == 2 ? directions : []
  }

  /// The turning that makes it upright.
  var turning: Turning {
    let transposes = alongRow == .head || alongRow == .feet
    let (row, column) = transposes ? (downColumn, alongRow) : (alongRow, downColumn)
    return Turning(transposes: transposes, reversesRows: column == .head, reversesColumns: row == .right)
  }

  /// The values in the other order, as some write them.
  var swapped: StatedOrientation? { StatedOrientation(downColumn, alongRow) }
}

extension StatedOrientation: CustomStringConvertible {
  var description: String { "\(alongRow.rawValue)\\\(downColumn.rawValue)" }
}
