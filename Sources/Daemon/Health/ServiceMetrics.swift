import Analysis
import Ledger
import StatusPage

/// The snapshot as Prometheus reads it. The guide for operators explains each metric, which a test holds it to.
extension ServiceSnapshot {
  var metrics: [MetricFamily] {
    // What the ledger doesn't tell is unknown, which isn't 0: its series are left out.
    identity + (ledgerAnswers ? queue + deliveryMetrics : []) + work + surroundings
  }

  private var identity: [MetricFamily] {
    var build = MetricFamily("mmdicom_build_info", .gauge, help: "Version of the program; always 1.")
    build.add(1, .init("version", SoftwareVersion.current))
    var model = MetricFamily("mmdicom_model_info", .gauge, help: "The model that reads; always 1.")
    if let served {
      model.add(1, .init("model", served.name), .init("sha256", served.sha256))
    }
    let ready = MetricFamily(
      "mmdicom_ready", .gauge,
      help: "Whether a model is loaded, folders can be written and the ledger answers.",
      problems.isEmpty ? 1 : 0)
    let ledger = MetricFamily(
      "mmdicom_ledger_up", .gauge,
      help: "Whether the ledger answers; where it doesn't, what it would tell is left out.",
      ledgerAnswers ? 1 : 0)
    var silent = MetricFamily(
      "mmdicom_part_silent", .gauge, help: "Whether a part of the work should have been heard of by now.")
    for part in Heart.Part.allCases {
      silent.add(self.silent.contains(part) ? 1 : 0, .init("part", part.rawValue))
    }
    var paused = MetricFamily(
      "mmdicom_part_paused", .gauge, help: "Whether a part pauses for a cause outside.")
    for part in PauseNote.Part.allCases {
      paused.add(status.paused[part.rawValue] == nil ? 0 : 1, .init("part", part.rawValue))
    }
    return [build, model, ready, ledger, silent, paused]
  }

  private var queue: [MetricFamily] {
    var files = MetricFamily("mmdicom_files", .gauge, help: "Files that the ledger knows, by state.")
    for (state, count) in [
      ("queued", status.queued), ("working", status.working), ("parked", status.parked),
      ("analysed", status.analysed), ("not_analysed", status.notAnalysed), ("rejected", status.rejected),
    ] { files.add(Double(count), .init("state", state)) }
    let oldest = MetricFamily(
      "mmdicom_oldest_waiting_seconds", .gauge,
      help: "How long the file has waited that waits longest; 0 where none does.",
      Double(status.oldestSeconds ?? 0))
    var troubles = MetricFamily(
      "mmdicom_attention_files", .gauge,
      help: "Files that are parked or were rejected and that nobody dismissed, by coded reason.")
    for trouble in self.troubles { troubles.add(Double(trouble.count), .init("reason", trouble.reason)) }
    return [files, oldest, troubles]
  }

  private var work: [MetricFamily] {
    var results = MetricFamily(
      "mmdicom_results_total", .counter, help: "Images that were read or refused since the start.")
    // Series that are there from the start can be seen to grow from zero.
    for status in ReportRow.Status.allCases
    where !figures.endings.keys.contains(where: { $0.status == status }) {
      results.add(0, .init("status", status.rawValue), .init("reason", ""))
    }
    for (ending, count) in figures.endings.sorted(by: {
      ($0.key.status.rawValue, $0.key.reason) < ($1.key.status.rawValue, $1.key.reason)
    }) {
      results.add(Double(count), .init("status", ending.status.rawValue), .init("reason", ending.reason))
    }
    var stages = MetricFamily(
      "mmdicom_stage_duration_seconds", .histogram, help: "How long an image took, by stage.")
    for stage in ServiceMeter.Stage.allCases {
      stages.add(figures.stages[stage] ?? Histogram(), .init("stage", stage.rawValue))
    }
    var pauses = MetricFamily(
      "mmdicom_pauses_total", .counter, help: "How often a part paused for a cause outside since the start.")
    for part in PauseNote.Part.allCases {
      pauses.add(Double(figures.pauses[part] ?? 0), .init("part", part.rawValue))
    }
    return [
      results, stages,
      MetricFamily(
        "mmdicom_workers", .gauge, help: "Worker processes that read.", Double(served?.workers ?? 0)),
      MetricFamily(
        "mmdicom_workers_lost_total", .counter,
        help: "Worker processes that died on a file or were killed over it since the start.",
        Double(figures.workersLost)),
      pauses,
    ]
  }

  private var deliveryMetrics: [MetricFamily] {
    var counts = MetricFamily(
      "mmdicom_deliveries", .gauge, help: "Results on their way to a destination, by state.")
    var notices = MetricFamily(
      "mmdicom_notices", .gauge, help: "Notices on their way to who is told of what happens, by state.")
    for (name, status) in status.notices.sorted(by: { $0.key < $1.key }) {
      notices.add(Double(status.waiting), .init("target", name), .init("state", "waiting"))
      notices.add(Double(status.parked), .init("target", name), .init("state", "parked"))
    }
    var oldest = MetricFamily(
      "mmdicom_delivery_oldest_waiting_seconds", .gauge,
      help: "How long the result has waited for a destination that waits longest.")
    for tally in tallies {
      counts.add(
        Double(tally.count), .init("destination", tally.destination), .init("state", tally.state))
    }
    for destination in destinationNames {
      let seconds = Double(max(0, longestWait(for: destination) ?? 0)) / 1000
      oldest.add(seconds, .init("destination", destination))
    }
    return [counts, oldest, notices]
  }

  private var surroundings: [MetricFamily] {
    var size = MetricFamily(
      "mmdicom_disk_size_bytes", .gauge, help: "Size of the disk that a folder lies on.")
    var free = MetricFamily("mmdicom_disk_free_bytes", .gauge, help: "What is free of it for the daemon.")
    for (folder, disk) in disks {
      size.add(disk.size, .init("folder", folder))
      free.add(disk.free, .init("folder", folder))
    }
    var used = MetricFamily(
      "mmdicom_disk_used_ratio", .gauge, help: "What is in use of it, as the intake counts before it stops.")
    for (folder, percent) in status.diskPercent.sorted(by: { $0.key < $1.key }) {
      used.add(percent / 100, .init("folder", folder))
    }
    var answers = MetricFamily(
      "mmdicom_http_requests_total", .counter, help: "Requests that were answered, by status.")
    for (status, count) in self.answers.sorted(by: { $0.key < $1.key }) {
      answers.add(Double(count), .init("code", "\(status)"))
    }
    var families = [
      size, free, used,
      MetricFamily(
        "mmdicom_disk_stop_ratio", .gauge, help: "Nothing is taken in above it.", status.diskStopPercent / 100
      ),
      answers,
      MetricFamily(
        "mmdicom_http_wrong_tokens_total", .counter,
        help: "Wrong tokens that came over HTTP since the start, in forms and headers.", Double(wrongTokens)),
      MetricFamily(
        "mmdicom_status_timestamp_seconds", .gauge, help: "When these figures were gathered, since 1970.",
        Double(at.milliseconds) / 1000),
      MetricFamily(
        "mmdicom_status_duration_seconds", .gauge, help: "What gathering the figures before took.", lastCost),
    ]
    if let process {
      families += [
        MetricFamily(
          "process_cpu_seconds_total", .counter, help: "Processor time of the daemon without its workers.",
          process.processorSeconds),
        MetricFamily(
          "process_resident_memory_bytes", .gauge, help: "Memory of the daemon without its workers.",
          process.residentBytes),
        MetricFamily(
          "process_open_fds", .gauge, help: "Files that the daemon has open.", Double(process.openFiles)),
        MetricFamily(
          "process_start_time_seconds", .gauge, help: "When the daemon was started, since 1970.",
          process.startedAt),
      ]
    }
    return families
  }
}
