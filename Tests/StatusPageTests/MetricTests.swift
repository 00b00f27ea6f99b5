import Foundation
import StatusPage
import TestSupport
import Testing

@Suite("Metrics as text")
struct MetricTests {
  @Test func samples() {
    var family = MetricFamily("a_b", .gauge, help: "One\\two\nthree.")
    family.add(1.5, .init("x", "say \"no\"\n"), .init("y", "2"))
    family.add(-3)
    #expect(
      family.text == """
        # HELP a_b One\\\\two\\nthree.
        # TYPE a_b gauge
        a_b{x="say \\"no\\"\\n",y="2"} 1.5
        a_b -3

        """)
    #expect([MetricFamily("empty", .gauge, help: "")].text == "")
  }

  @Test func histogram() {
    var histogram = Histogram()
    for seconds in [0.001, 0.5, 0.6, 1e9, -4, .nan, .infinity] { histogram.observe(seconds) }
    #expect(histogram.count == 5)
    #expect(histogram.sum == 1e9 + 1.101)
    // What was negative counts as nothing.
    #expect(histogram.cumulative.first == 2)
    #expect(histogram.cumulative[Histogram.bounds.firstIndex(of: 0.5)!] == 3)
    #expect(histogram.cumulative.last == 4)
    #expect(Histogram.bounds == Histogram.bounds.sorted())
    var family = MetricFamily("t_seconds", .histogram, help: "Time.")
    family.add(histogram, .init("stage", "x"))
    #expect(family.text.contains("t_seconds_bucket{stage=\"x\",le=\"0.005\"} 2\n"))
    #expect(family.text.contains("t_seconds_bucket{stage=\"x\",le=\"+Inf\"} 5\n"))
    #expect(family.text.hasSuffix("t_seconds_count{stage=\"x\"} 5\n"))
  }

  @Test func plot() {
    let plot = PlotView(id: "q", title: "Queue", values: [nil, 0, 2, 4], every: 600, now: "4")
    #expect(plot.line == "160,120 320,60 480,0")
    #expect(plot.area == "160,120 160,120 320,60 480,0 480,120")
    #expect(plot.top == "4")
    #expect(plot.cells.map(\.value) == ["4", "2", "0", "not known"])
    #expect(plot.cells.map(\.time) == ["now", "10 min ago", "20 min ago", "30 min ago"])
    let nothing = PlotView(id: "q", title: "Queue", values: [nil, nil], every: 10, now: "0")
    #expect(nothing.area.isEmpty && nothing.line.isEmpty && nothing.top == "1")
  }
}
