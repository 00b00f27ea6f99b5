/// One metric with its samples, as Prometheus reads it (text format 0.0.4).
public struct MetricFamily: Sendable, Equatable {
  public enum Kind: String, Sendable { case counter, gauge, histogram }

  /// A label with its value.
  public struct Label: Sendable, Equatable {
    let name: String
    let value: String

    public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
  }

  struct Sample: Sendable, Equatable {
    var suffix = ""
    var labels: [Label]
    var value: Double
  }

  /// With the unit behind it, and `_total` where it only grows.
  public let name: String
  public let help: String
  public let kind: Kind
  private(set) var samples: [Sample] = []

  public init(_ name: String, _ kind: Kind, help: String) {
    (self.name, self.kind, self.help) = (name, kind, help)
  }

  /// A metric of one sample.
  public init(_ name: String, _ kind: Kind, help: String, _ value: Double) {
    self.init(name, kind, help: help)
    add(value)
  }

  public mutating func add(_ value: Double, _ labels: Label...) {
    samples.append(Sample(labels: labels, value: value))
  }

  /// Adds the samples of a histogram.
  public mutating func add(_ histogram: Histogram, _ labels: Label...) {
    for (bound, count) in zip(Histogram.bounds, histogram.cumulative) {
      let bound = Label("le", Self.text(bound))
      samples.append(Sample(suffix: "_bucket", labels: labels + [bound], value: Double(count)))
    }
    let all = Double(histogram.count)
    samples.append(Sample(suffix: "_bucket", labels: labels + [Label("le", "+Inf")], value: all))
    samples.append(Sample(suffix: "_sum", labels: labels, value: histogram.sum))
    samples.append(Sample(suffix: "_count", labels: labels, value: all))
  }

  /// The metric's lines.
  package var text: String {
    var text = "# HELP \(name) \(Self.escaped(help))\n# TYPE \(name) \(kind.rawValue)\n"
    for sample in samples {
      text += name + sample.suffix
      if !sample.labels.isEmpty {
        let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
        text += "{\(labels.joined(separator: ","))}"
      }
      text += " \(Self.text(sample.value))\n"
    }
    return text
  }

  private static func escaped(_ text: String, quotes: Bool = false) -> String {
    let text = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    return quotes ? text.replacing("\"", with: "\\\"") : text
  }

  /// Whole numbers without a fraction.
  private static func text(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return Int64(exactly: value).map(String.init) ?? "\(value)"
  }
}

extension [MetricFamily] {
  /// A whole answer; families without samples are left out.
  public var text: String { filter { !$0.samples.isEmpty }.map(\.text).joined() }
}
