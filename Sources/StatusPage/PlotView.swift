/// A line over the last hour, as the points of a drawing of 480 by 120, with the same in words and numbers.
public struct PlotView: Sendable {
  public struct Cell: Sendable {
    package let time: String
    package let value: String
  }

  package let id: String
  package let title: String
  package let summary: String
  /// Of `<polyline>`.
  package let line: String
  /// Of the `<polygon>` below it.
  package let area: String
  /// The highest value, at the drawing's upper edge.
  package let top: String
  package let cells: [Cell]

  static let (width, height) = (480.0, 120.0)

  /// - Parameters:
  ///   - values: the oldest first, one for each `seconds`; nil where nothing is known.
  ///   - now: the newest in words, such as "3 files".
  public init(id: String, title: String, values: [Double?], every seconds: Int, now: String) {
    (self.id, self.title) = (id, title)
    let most = values.compactMap(\.self).max() ?? 0
    let highest = max(1, most)
    let step = values.count > 1 ? Self.width / Double(values.count - 1) : 0
    let points: [(x: Double, y: Double)] = values.enumerated().compactMap { index, value in
      value.map { (Double(index) * step, Self.height * (1 - $0 / highest)) }
    }
    line = points.map { "\(Self.text($0.x)),\(Self.text($0.y))" }.joined(separator: " ")
    area =
      points.isEmpty
      ? ""
      : "\(Self.text(points[0].x)),\(Self.text(Self.height)) \(line) "
        + "\(Self.text(points[points.count - 1].x)),\(Self.text(Self.height))"
    top = Self.text(highest)
    summary = "Now \(now), at most \(Self.text(most)) in the last hour."
    let every = max(1, values.count / 12)
    cells = stride(from: values.count - 1, through: 0, by: -every).map { index in
      let ago = (values.count - 1 - index) * seconds / 60
      return Cell(
        time: ago == 0 ? "now" : "\(ago) min ago", value: values[index].map { Self.text($0) } ?? "not known")
    }
  }

  /// With one decimal at most.
  public static func text(_ value: Double) -> String {
    let rounded = (value * 10).rounded() / 10
    return Int(exactly: rounded).map(String.init) ?? "\(rounded)"
  }
}
