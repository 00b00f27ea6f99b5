import Foundation
import TestSupport
import Testing

@Suite("Metrics, alarms and the guide")
struct MonitoringTests {
  private static let promtool = TestEnvironment.tool("promtool")
  private let root = TestEnvironment.packageRoot

  private func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// As the sources name them.
  private func metrics() throws -> Set<String> {
    let names = try text("Sources/Daemon/Health/ServiceMetrics.swift").matches(
      of: /MetricFamily\(\s*"([a-z_]+)"/)
    return Set(names.map { String($0.1) })
  }

  @Test("the guide explains every metric and no other")
  func guide() throws {
    let metrics = try metrics()
    #expect(metrics.count > 20 && metrics.contains("mmdicom_stage_duration_seconds"))
    let guide = try text("etc/guide/operating.md")
    let rows = guide.split(separator: "\n").filter {
      $0.hasPrefix("| `mmdicom_") || $0.hasPrefix("| `process_")
    }
    let explained = rows.flatMap { row in
      row.split(separator: "|")[0].matches(of: /`([a-z_]+)`/).map { String($0.1) }
    }
    #expect(explained.sorted() == metrics.sorted())
  }

  @Test("the guide says what to do at every alarm, and alarms and dashboard ask for metrics that there are")
  func alarms() throws {
    let rules = try text("etc/monitoring/alerts.yml")
    let alarms = rules.matches(of: /- alert: (\w+)/).map { String($0.1) }
    let explained = try text("etc/guide/operating.md").matches(of: /\n\| `(Mmdicom\w+)` \|/).map {
      String($0.1)
    }
    #expect(alarms.sorted() == explained.sorted() && alarms.count >= 12)
    let metrics = try metrics()
    for file in ["etc/monitoring/alerts.yml", "etc/monitoring/grafana.json"] {
      let asked = Set(try text(file).matches(of: /mmdicom_[a-z_]+[a-z]/).map { String($0.0) })
      for name in asked {
        let base = name.replacing(/_(bucket|sum|count)$/, with: "")
        #expect(metrics.contains(name) || metrics.contains(base), "\(file): \(name)")
      }
    }
    let dashboard = try JSONSerialization.jsonObject(with: Data(text("etc/monitoring/grafana.json").utf8))
    #expect(((dashboard as? [String: Any])?["panels"] as? [Any])?.count == 14)
  }

  @Test(
    "promtool takes the rules, and they fire when they should", .enabled(if: promtool != nil, "no promtool"))
  func rules() throws {
    let tool = try #require(Self.promtool)
    let rules = root.appending(path: "etc/monitoring/alerts.yml").path
    let (status, said) = try TestEnvironment.run(tool, ["check", "rules", rules])
    #expect(status == 0, "\(said)")
    let folder = try TestEnvironment.temporaryFolder()
    let tests = folder.appending(path: "alerts.test.yml")
    try Data(
      """
      rule_files: [\(rules)]
      evaluation_interval: 1m
      tests:
        - interval: 1m
          input_series:
            - series: 'up{job="mmdicom", instance="a"}'
              values: '1x5 0x20'
            - series: 'mmdicom_disk_used_ratio{job="mmdicom", instance="a", folder="spool"}'
              values: '0.5x5 0.93x20'
            - series: 'mmdicom_disk_stop_ratio{job="mmdicom", instance="a"}'
              values: '0.95x30'
            - series: 'mmdicom_results_total{job="mmdicom", instance="a", status="rejected", reason="truncated"}'
              values: '0+1x25'
            - series: 'mmdicom_results_total{job="mmdicom", instance="a", status="analysed", reason=""}'
              values: '0+2x25'
          alert_rule_test:
            - eval_time: 4m
              alertname: MmdicomDown
            - eval_time: 10m
              alertname: MmdicomDown
              exp_alerts:
                - exp_labels: {severity: critical, job: mmdicom, instance: a}
                  exp_annotations: {summary: "mmdicom on a doesn't answer"}
            - eval_time: 5m
              alertname: MmdicomDiskFull
            - eval_time: 15m
              alertname: MmdicomDiskFull
              exp_alerts:
                - exp_labels: {severity: warning, job: mmdicom, instance: a, folder: spool}
                  exp_annotations: {summary: "mmdicom on a: the disk of spool is 93% full"}
            - eval_time: 3m
              alertname: MmdicomManyRefused
            - eval_time: 20m
              alertname: MmdicomManyRefused
              exp_alerts:
                - exp_labels: {severity: warning, job: mmdicom, instance: a}
                  exp_annotations: {summary: "mmdicom on a: more than a fifth of the images can't be used"}

      """.utf8
    ).write(to: tests)
    let (outcome, words) = try TestEnvironment.run(tool, ["test", "rules", tests.path])
    #expect(outcome == 0, "\(words)")
  }
}
