internal import Archive
internal import Foundation
internal import MultiMix
internal import Rendering
internal import Training

/// One training of an experiment, from its first step (or its checkpoint) to its figures and plots.
struct CellRun {
  let cell: ExperimentCell
  let grid: ExperimentGrid
  let index: ArchiveIndex
  let cache: ImageCache
  let folder: CellFolder

  /// - Throws: `TrainingError`, `ModelError`, or `CancellationError` with a checkpoint written.
  func run(report: @escaping @Sendable (Trainer.Event) -> Void) async throws -> CellRecord {
    let configuration = cell.configuration(grid)
    if let record = folder.record,
      record.configuration.trained != configuration || record.archive != index.digest
        || record.size != grid.size
    {
      throw TrainingError.checkpoint(
        folder.url.path, "was made with another configuration or archive; take another folder")
    }
    if let record = folder.record, record.revision != Trainer.revision {
      throw TrainingError.checkpoint(
        folder.url.path,
        "was made by another version, whose trainings differ; take another folder to train every cell anew")
    }
    var data = TrainingData(index: index, cache: cache, configuration: configuration)
    if configuration.view == .lungs { data = data.findingLungs(by: [], margin: configuration.lungsMargin) }
    try folder.create()
    let trainer = try Trainer(configuration, data: data, output: folder.training, threads: grid.threads)
    let file = try await trainer.run(resume: true) { [folder] event in
      if case .validation(let step, let figures, _) = event { folder.append(validation: step, figures) }
      report(event)
    }
    try Task.checkCancellation()
    var model = try Model(readingFrom: file)
    // Temperature and threshold are chosen on the validation split, which is what is measured here: the more
    // probable class is the answer, as in the paper.
    (model.metadata.temperature, model.metadata.decisionThreshold) = (1, 0.5)
    return try measure(model, data)
  }

  private func measure(_ model: Model, _ data: TrainingData) throws -> CellRecord {
    let predictors = Predictor.team(of: grid.threads, model)
    var figures: [String: Evaluation.Figures] = [:]
    var rows: [String: [Evaluation.Row]] = [:]
    for test in grid.tests(of: cell) {
      let evaluation = Evaluation(
        predictors, index: index, cache: cache, positions: grid.positions(of: test, in: index)
      ).counting(findingsOf: test.findingSources, masksOf: test.maskSources)
      figures[test.name] = evaluation.figures()
      rows[test.name] = evaluation.rows
      try Task.checkCancellation()
    }
    try draw(rows, with: predictors[0])
    let record = CellRecord(
      cell, grid, archive: index.digest, findings: cell.system.classifies ? data.classification.count : 0,
      masks: cell.system.segments ? data.segmentation.count : 0, figures: figures)
    try folder.save(record, rows)
    return record
  }

  /// What kind of model it is, for titles.
  private var title: String {
    let labels = [
      cell.classification.map { "\($0) findings" }, cell.segmentation.map { "\($0) masks" },
    ].compactMap(\.self)
    return "\(grid.title(cell.arm)), \(labels.joined(separator: ", ")), seed \(cell.seed)"
  }

  private func draw(_ rows: [String: [Evaluation.Row]], with predictor: Predictor) throws {
    if let log = folder.log {
      let run = TrainingCurves.Run(label: "", colour: grid.colour(cell.arm), logs: [log])
      try TrainingCurves.figure(
        [run], title: "Training of \(title)", validation: folder.validation.map(validationCharts) ?? []
      )?.write("training-curves", to: folder.plots)
    }
    let threshold = predictor.metadata.decisionThreshold
    let tests = grid.tests(of: cell).compactMap { test in rows[test.name].map { (test.name, $0) } }
    if cell.system.classifies {
      try page("ROC curve", "roc", tests) { ROCPlot.chart($1, title: $0, threshold: threshold) }
      try page("Reliability", "reliability", tests) { ReliabilityPlot.chart($1, title: $0) }
    }
    if cell.system.segments {
      try page("Lung area", "bland-altman", tests) { BlandAltmanPlot.chart($1, title: $0) }
    }
    let panels = CasePanels(index: index, cache: cache, predictor: predictor)
    for (name, rows) in tests {
      let count = grid.words(name)
      if cell.system.segments {
        try panels.contours(
          rows, title: "Lung contours: \(title)",
          subtitle: "\(count), \(rows.count { $0.segmentation != nil }) images with a mask"
        )?.write("contours-\(name)", to: folder.plots)
      }
      if cell.system.classifies {
        try panels.saliency(
          rows, threshold: threshold, title: "Saliency: \(title)",
          subtitle: "\(count), \(rows.count { $0.image.finding != nil }) images with a finding"
        )?.write("saliency-\(name)", to: folder.plots)
      }
    }
  }

  /// A figure with a panel for each test that has such images.
  private func page(
    _ what: String, _ name: String, _ tests: [(String, [Evaluation.Row])],
    _ chart: (String, [Evaluation.Row]) -> Chart?
  ) throws {
    let charts = tests.compactMap { chart($0.0, $0.1) }
    guard !charts.isEmpty else { return }
    try Figure(
      title: "\(what): \(title)", subtitle: tests.map { grid.words($0.0) }.joined(separator: "; "),
      panels: charts.map { .chart($0) }, columns: charts.count, panelSize: (330, 380)
    ).write(name, to: folder.plots)
  }

  private func validationCharts(_ log: LogColumns) -> [Chart] {
    guard log.count > 1, let steps = log["step"] else { return [] }
    return [("dice", "Validation: lung masks", "Dice"), ("auroc", "Validation: findings", "AUROC")]
      .compactMap { column, title, axis in
        guard let values = log[column], values.allSatisfy(\.isFinite) else { return nil }
        let points = zip(steps, values).sorted { $0.0 < $1.0 }.map { Point(x: $0, y: $1) }
        var chart = Chart(title: title, x: .init("step"), y: .init(axis))
        chart.series = [
          .init(nil, grid.colour(cell.arm), .line(points)),
          .init(nil, grid.colour(cell.arm), .points(points, radius: 2.2)),
        ]
        return chart
      }
  }
}

extension ExperimentGrid {
  /// The images of a test in an archive.
  func positions(of test: Test, in index: ArchiveIndex) -> [Int] {
    let split = split(of: test)
    let images = Split(rawValue: split).map { index.indices(of: $0) } ?? Array(index.images.indices)
    return images.filter { test.sources?.contains(index.images[$0].source) ?? true }
  }

  /// A test's name and split, for subtitles.
  func words(_ name: String) -> String {
    let split = tests.first { $0.name == name }.map(split) ?? split
    return "\(name), \(split == "all" ? "every image" : "split \(split)")"
  }
}
