import DICOM
import Experiments
import Foundation
import FoundationXML
import Radiography
import Rendering
import TestSupport
import Testing
import Training

/// Ticks, and charts as files.
@Suite struct ChartTests {
  @Test(
    arguments: [
      (0.0...1.0, 5, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
      (0.0...1.0, 10, ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0"]),
      (-0.3...0.3, 5, ["−0.3", "−0.2", "−0.1", "0.0", "0.1", "0.2", "0.3"]),
      (0.912...0.958, 4, ["0.92", "0.93", "0.94", "0.95"]),
      (0.0...12_000.0, 5, ["0", "2000", "4000", "6000", "8000", "10,000", "12,000"]),
      (3.0...3.0, 5, ["3.0"]),
    ])
  func linearTicks(range: ClosedRange<Double>, count: Int, labels: [String]) {
    let ticks = Ticks.linear(range, about: count)
    #expect(ticks.labels == labels)
    #expect(ticks.values.allSatisfy { $0 >= range.lowerBound - 1e-9 && $0 <= range.upperBound + 1e-9 })
  }

  @Test func logarithmicTicks() {
    #expect(Ticks.logarithmic(0.04...1.2).labels == ["0.05", "0.1", "0.2", "0.5", "1"])
    #expect(Ticks.logarithmic(0.0009...20).labels == ["0.001", "0.01", "0.1", "1", "10"])
  }

  @Test func rangesAreWidenedToTicks() {
    #expect(Ticks.widened(0.13...0.87, about: 4) == 0...1)
    #expect(Ticks.widened(20...40, about: 4) == 20...40)
    let single = Ticks.widened(5...5, about: 4)
    #expect(single.lowerBound <= 5 && single.upperBound > 5)
  }

  private func chart() -> Chart {
    var chart = Chart(
      title: "Lung area < 5 % & more", subtitle: "12 images", x: .init("step"), y: .init("loss"))
    let points = (0..<12).map { Point(x: Double($0), y: Double($0 * $0)) }
    chart.series = [
      .init(
        "95 %", RGBColour(red: 1, green: 0, blue: 0),
        .band(points.map { .init(at: $0.x, low: $0.y - 5, high: $0.y + 5) })),
      .init("loss", RGBColour(red: 1, green: 0, blue: 0), .line(points)),
      .init(nil, RGBColour(red: 0, green: 0, blue: 1), .points(points)),
      .init("seeds", RGBColour(red: 0, green: 0, blue: 1), .rings(points)),
      .init(nil, RGBColour(red: 0, green: 1, blue: 0), .rule(50, words: "mean")),
      .init(nil, RGBColour(red: 0, green: 1, blue: 0), .columns([.init(at: 3, low: 0, high: 20)], width: 1)),
      .init(nil, RGBColour(red: 0, green: 1, blue: 0), .intervals([.init(at: 3, low: 0, high: 20)])),
      .init(nil, RGBColour(red: 0, green: 1, blue: 0), .levels([.init(at: 3, low: 0, high: 5)])),
    ]
    return chart
  }

  private func elements(_ url: URL) throws -> [String] {
    final class Collector: NSObject, XMLParserDelegate {
      var names: [String] = []
      func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
      ) { names.append(name) }
    }
    let parser = XMLParser(data: try Data(contentsOf: url))
    let collector = Collector()
    parser.delegate = collector
    #expect(parser.parse(), "\(parser.parserError?.localizedDescription ?? "")")
    return collector.names
  }

  @Test func chartsBecomePNGAndSVG() throws {
    let folder = try TestEnvironment.temporaryFolder()
    let figure = Figure(
      title: "Two charts", panels: [.chart(chart()), .chart(chart())], columns: 2, panelSize: (240, 200),
      note: "Research use only.")
    try figure.write("charts", to: folder)
    let picture = try PNG.readRGB(folder.appending(path: "charts.png"))
    #expect(picture.width > 2 * 480 && picture.height > 2 * 200)
    // The ground is white, the line red, the points blue.
    func isThere(_ colour: [UInt8]) -> Bool {
      stride(from: 0, to: picture.pixels.count, by: 3).contains {
        Array(picture.pixels[$0..<$0 + 3]) == colour
      }
    }
    #expect(Array(picture.pixels.prefix(3)) == [255, 255, 255])
    #expect(isThere([255, 0, 0]) && isThere([0, 0, 255]))
    let names = try elements(folder.appending(path: "charts.svg"))
    #expect(names.first == "svg" && names.count { $0 == "path" } > 30)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
        "charts.png", "charts.svg",
      ])
  }

  @Test func picturesLieUnderTheirContours() throws {
    let folder = try TestEnvironment.temporaryFolder()
    // A bright square on black, outlined in green along its edges.
    let values = (0..<64 * 64).map { i -> Float in
      (16..<48).contains(i / 64) && (16..<48).contains(i % 64) ? 1 : 0
    }
    let panel = PicturePanel(
      pixels: values.map { RGBColour.gray($0 / 2).packed }, size: 64,
      contours: [
        (
          IsoLine.lines(in: values, width: 64, height: 64, level: 0.5),
          RGBColour(red: 0, green: 1, blue: 0)
        )
      ], caption: ["a square"])
    try Figure(title: "", panels: [.picture(panel)], columns: 1, panelSize: (128, 150)).write(
      "square", to: folder)
    let picture = try PNG.readRGB(folder.appending(path: "square.png"))
    // Two pixels to a unit, two units to a pixel of the image: the image begins where its black does.
    func pixel(_ x: Int, _ y: Int) -> [UInt8] {
      Array(picture.pixels[3 * (y * picture.width + x)..<3 * (y * picture.width + x) + 3])
    }
    let top = try #require((0..<picture.height).first { pixel(picture.width / 2, $0) == [0, 0, 0] })
    let left = try #require((0..<picture.width).first { pixel($0, top + 8) == [0, 0, 0] })
    #expect(pixel(left + 128, top + 128) == [128, 128, 128])
    #expect(pixel(left + 4 * 16, top + 128) == [0, 255, 0])
    #expect(pixel(left + 128, top + 4 * 48) == [0, 255, 0])
    #expect(pixel(left + 4 * 8, top + 128) == [0, 0, 0])
    _ = try elements(folder.appending(path: "square.svg"))
  }

  @Test func whatCannotBeWrittenIsNamed() throws {
    let folder = try TestEnvironment.temporaryFolder().appending(path: "missing")
    #expect(throws: TrainingError.self) {
      try Figure(title: "", panels: [.chart(chart())], columns: 1, panelSize: (200, 200)).write(
        "x", to: folder)
    }
  }
}
