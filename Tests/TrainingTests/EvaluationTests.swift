import Archive
import EvaluationMetrics
import Foundation
import MultiMix
import TestSupport
import Testing
import Training

/// Figures of made-up rows: what is left out, and what the files say.
@Suite struct EvaluationTests {
  private func image(_ n: Int, patient: Int? = nil, source: String = "a", finding: Finding?) throws
    -> ArchiveImage
  {
    var fields: [String: Any] = [
      "path": "\(source)/\(n).dcm", "source": source, "sopInstanceUID": "2.25.\(n)",
      "studyInstanceUID": "2.25.1\(n)", "seriesInstanceUID": "2.25.2\(n)", "patientID": "P\(patient ?? n)",
      "rows": 8, "columns": 8, "fileSize": 1, "masks": [String](), "split": "val",
    ]
    fields["finding"] = finding?.rawValue
    return try JSONDecoder().decode(ArchiveImage.self, from: JSONSerialization.data(withJSONObject: fields))
  }

  private func mask(_ pixels: Int) -> [Bool] { (0..<64).map { $0 < pixels } }

  private func evaluation(_ rows: [Evaluation.Row]) -> Evaluation {
    Evaluation(rows: rows, metadata: ModelMetadata(name: "made up", version: "0", inputSize: 32))
  }

  private func row(_ image: ArchiveImage, _ logit: Double, _ masks: (Int, Int)? = nil) -> Evaluation.Row {
    Evaluation.Row(
      image: image, pneumoniaLogit: logit, pneumoniaProbability: 1 / (1 + exp(-logit)),
      segmentation: masks.map {
        SegmentationMetrics(prediction: mask($0.0), reference: mask($0.1), size: 8)
      })
  }

  private func object(_ figures: Evaluation.Figures) throws -> [String: [String: Any]] {
    let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(figures))
    return try #require(json as? [String: [String: Any]])
  }

  @Test func partsWithoutLabelsAreAbsent() throws {
    let masksOnly = evaluation([row(try image(1, finding: nil), 0, (8, 8))])
    #expect(masksOnly.figures().classification == nil)
    #expect(try object(masksOnly.figures()).keys.sorted() == ["segmentation"])
    #expect(masksOnly.fittedCalibration() == nil)
    let findingsOnly = evaluation([row(try image(1, finding: .normal), -1)])
    #expect(try object(findingsOnly.figures()).keys.sorted() == ["classification"])
    #expect(try object(evaluation([]).figures()).isEmpty)
    #expect(evaluation([]).csv.split(separator: "\r\n").count == 1)
  }

  /// The first model is better on the large source and over all images, the second on the mean of sources.
  @Test func modelsAreChosenBySources() throws {
    func score(large: Int, small: Int) throws -> Double {
      var rows: [Evaluation.Row] = []
      for n in 0..<40 { rows.append(row(try image(n, finding: nil), 0, (large, 32))) }
      for n in 40..<50 { rows.append(row(try image(n, source: "b", finding: nil), 0, (small, 32))) }
      // Too few to count.
      for n in 50..<59 { rows.append(row(try image(n, source: "c", finding: nil), 0, (0, 32))) }
      return try #require(evaluation(rows).selectionScore)
    }
    #expect(try score(large: 31, small: 16) < score(large: 28, small: 24))
    #expect(try abs(score(large: 32, small: 16) - (1 + 2.0 / 3) / 2) < 1e-12)
    // Sources that say nothing of their classes don't outvote one that does.
    func findings(_ logit: (Int) -> Double) throws -> Double? {
      try evaluation(
        (0..<20).map { row(try image($0, finding: $0 < 10 ? .normal : .pneumonia), logit($0)) }
          + (20..<60).map { row(try image($0, source: "b", finding: .pneumonia), 9) }
      ).selectionScore
    }
    #expect(try findings { Double($0) } == 1)
    #expect(try findings { Double($0 % 10) } == 0.5)
    #expect(evaluation([]).selectionScore == nil)
    // Fewer than ten of everything: all images together.
    #expect(try evaluation([row(image(1, finding: nil), 0, (8, 8))]).selectionScore == 1)
  }

  @Test func oneClassHasNoAreaButTheRest() throws {
    let figures = evaluation([
      row(try image(1, finding: .pneumonia), 1), row(try image(2, finding: .pneumonia), -1),
    ]).figures()
    let part = try #require(try object(figures)["classification"])
    #expect(part["auroc"] == nil && part["auroc_ci"] == nil)
    #expect(part["accuracy"] as? Double == 0.5 && part["f1_normal"] as? Double == 0)
    #expect(try JSONDecoder().decode(Evaluation.Figures.self, from: JSONEncoder().encode(figures)) == figures)
  }

  @Test func emptyMasksGiveFiniteFigures() throws {
    let figures = evaluation([
      row(try image(1, finding: nil), 0, (0, 0)), row(try image(2, finding: nil), 0, (0, 4)),
    ]).figures()
    let part = try #require(figures.segmentation)
    #expect(part.dice == 0.5 && part.jaccard == 0.5)
    #expect(part.hausdorff == 128.0.squareRoot() / 2 * 32 && part.hausdorff95 == part.hausdorff)
    #expect(part.diceInterval == ConfidenceInterval(lower: 0, upper: 1))
  }

  @Test func figuresHaveTheAgreedKeys() throws {
    let rows = try (0..<8).map { n in
      row(try image(n, finding: n % 2 == 0 ? .normal : .pneumonia), Double(n) - 3.2, (20 + n, 24))
    }
    let json = try object(evaluation(rows).figures())
    for key in ["n", "accuracy", "auroc", "f1_normal", "f1_pneumonia", "precision", "recall", "ece"] {
      #expect(json["classification"]?[key] is NSNumber, "\(key)")
    }
    for key in ["n", "dice", "jaccard", "ssim", "hausdorff", "hausdorff95", "precision", "recall"] {
      #expect(json["segmentation"]?[key] is NSNumber, "\(key)")
    }
    for interval in [json["classification"]?["auroc_ci"], json["segmentation"]?["dice_ci"]] {
      let ends = try #require(interval as? [Double])
      #expect(ends.count == 2 && ends[0] <= ends[1])
    }
    #expect((json["classification"]?["confusion"] as? [String: Int])?["true_positive"] == 2)
  }

  @Test func patientsAreResampledWhole() throws {
    func width(_ patient: (Int) -> Int) throws -> Double {
      let rows = try (0..<40).map { n in
        row(try image(n, patient: patient(n), finding: nil), 0, ((n / 10) * 8 + 2, 30))
      }
      let interval = try #require(evaluation(rows).figures().segmentation?.diceInterval)
      return interval.upper - interval.lower
    }
    // Ten images alike of each of four patients tell little more than four images.
    #expect(try width { $0 / 10 } > 2 * width { $0 })
  }

  @Test func figuresOfASource() throws {
    let both = evaluation([
      row(try image(1, source: "a", finding: .normal), -1),
      row(try image(2, source: "b", finding: .normal), 1),
      row(try image(3, source: "b", finding: .pneumonia), 2),
    ])
    #expect(both.sources == ["a", "b"])
    #expect(both.figures(source: "a").classification?.n == 1)
    #expect(both.figures(source: "b").classification?.accuracy == 0.5)
    let none = both.figures(source: "c")
    #expect(none.classification == nil && none.segmentation == nil)
  }

  @Test func figuresOfAnAgeGroup() throws {
    func image(_ n: Int, age: Double?, _ finding: Finding) throws -> ArchiveImage {
      var fields: [String: Any] = [
        "path": "a/\(n).dcm", "source": "a", "sopInstanceUID": "2.25.\(n)", "studyInstanceUID": "2.25.1\(n)",
        "seriesInstanceUID": "2.25.2\(n)", "patientID": "P\(n)", "rows": 8, "columns": 8, "fileSize": 1,
        "masks": [String](), "finding": finding.rawValue,
      ]
      if let age { fields["traits"] = ["age": age] }
      return try JSONDecoder().decode(ArchiveImage.self, from: JSONSerialization.data(withJSONObject: fields))
    }
    let some = evaluation([
      row(try image(1, age: 70, .normal), -1), row(try image(2, age: 0.5, .pneumonia), 1),
      row(try image(3, age: 4.9, .normal), 1), row(try image(4, age: nil, .normal), -1),
    ])
    #expect(some.ages == [.infant, .old, nil])
    #expect(some.figures(age: .infant).classification?.n == 2)
    #expect(some.figures(age: .infant).classification?.specificity == 0)
    #expect(some.figures(age: .old).classification?.specificity == 1)
    #expect(some.figures(age: nil).classification?.n == 1 && some.figures(age: .middle).classification == nil)
    // Where nobody tells an age there are no groups.
    #expect(evaluation([row(try image(5, age: nil, .normal), 0)]).ages == [])
  }

  @Test func saliencyIsMeasuredWhereLungsAreKnown() throws {
    let lungs = (0..<64).map { $0 < 16 }
    let rows = try (0..<3).map { n in
      Evaluation.Row(
        image: try image(n, finding: .normal), pneumoniaLogit: 0, pneumoniaProbability: 0.5,
        segmentation: nil,
        saliency: SaliencyMetrics((0..<64).map { Float($0 == n * 10 ? 2 : 1) }, within: lungs))
    }
    let figures = try #require(evaluation(rows).figures().saliency)
    #expect(figures.n == 3 && figures.chance == 0.25 && figures.pointing == 2.0 / 3)
    #expect(abs(figures.energyInLungs - (17 + 17 + 16) / 65.0 / 3) < 1e-12)
    #expect(figures.energyInterval != nil && figures.gainInterval != nil)
    #expect(evaluation([row(try image(1, finding: .normal), 0)]).figures().saliency == nil)
  }

  @Test func rowsAreQuotedAndWhole() throws {
    let evaluation = evaluation([
      row(try image(1, source: "a \"b\", c", finding: .normal), 1.5, (8, 16)),
      row(try image(2, finding: nil), 0),
    ])
    let lines = evaluation.csv.components(separatedBy: "\r\n")
    #expect(lines.count == 4 && lines[3].isEmpty)
    #expect(lines[1].hasPrefix("2.25.1,\"a \"\"b\"\", c\",val,normal,0.817574,pneumonia,1.500000,0.66667,"))
    let columns = lines[0].components(separatedBy: ",").count
    #expect(lines[2].components(separatedBy: ",").count == columns)
    let table = Evaluation.csv(of: [("a", evaluation.figures(source: "a")), ("all", evaluation.figures())])
      .components(separatedBy: "\r\n")
    #expect(table.count == 4)
    let header = table[0].components(separatedBy: ",")
    for line in table[1...2] { #expect(line.components(separatedBy: ",").count == header.count) }
    #expect(table[2].components(separatedBy: ",")[try #require(header.firstIndex(of: "masks"))] == "1")
  }

  @Test func calibrationChangesProbabilitiesOnly() throws {
    // Twice as sure as it may be, and leaning to pneumonia.
    let golden = try MetricGoldens.read().calibration[1]
    let before = evaluation(
      try zip(golden.logits, golden.labels).enumerated().map { n, value in
        row(try image(n, finding: value.1 ? .pneumonia : .normal), value.0, (n % 60, 30))
      })
    let (after, remark) = before.calibrated()
    #expect(abs(after.metadata.temperature / golden.temperature - 1) < 1e-6)
    let (old, new) = (before.figures(), after.figures())
    #expect(old.classification?.auroc == new.classification?.auroc)
    #expect(old.segmentation == new.segmentation)
    #expect(try #require(new.classification).ece < #require(old.classification).ece)
    #expect(after.logLoss < before.logLoss)
    #expect(remark.contains("150 validation images"))
    // What is calibrated already stays as it is.
    #expect(after.calibrated().evaluation.metadata == after.metadata)
    var metadata = before.metadata
    metadata.calibrate(on: before)
    #expect(metadata.temperature == after.metadata.temperature)
    #expect(metadata.decisionThreshold == after.threshold)
    #expect(metadata.calibration == remark && metadata.validation.hasPrefix(new.summary + " (on the images"))
  }
  /// Ten normal images at 0.05, 0.15, ... 0.95 and ten of pneumonia likewise, from one source.
  private func overlapping(threshold: Double) throws -> Evaluation {
    let logit = { (p: Double) in log(p / (1 - p)) }
    let rows = try (0..<20).map { n in
      row(
        try image(n, finding: n < 10 ? .normal : .pneumonia), logit(0.05 + 0.1 * Double(n % 10)), (n % 60, 30)
      )
    }
    return evaluation(rows).applying(Calibration(temperature: 1, threshold: threshold))
  }

  @Test func aBandIsLeftOpenSoThatFewOfEitherClassAreCalledTheOther() throws {
    let evaluation = try overlapping(threshold: 0.5)
    let band = try #require(evaluation.abstentionBand(forError: 0.2))
    // Two of ten with pneumonia lie below, two of ten normal ones above.
    #expect(abs(band.lowerBound - 0.2) < 1e-9)
    #expect(band.upperBound > 0.75 && band.upperBound < 0.85)
    let figures = try #require(evaluation.abstaining(in: band).figures().decided)
    #expect(figures.n == 8 && figures.coverage == 0.4)
    #expect(figures.error == 0.5 && figures.missed == 0.2 && figures.falseAlarms == 0.2)
    #expect(evaluation.figures().decided == nil)
    // The threshold stays within the band, or at its end: beyond it one class would be missed more often.
    let high = try #require(overlapping(threshold: 0.9).abstentionBand(forError: 0.2))
    #expect(high.upperBound == 0.9)
    // Half of either may be called the other: the threshold does that alone.
    #expect(evaluation.abstentionBand(forError: 0.5) == nil)
  }

  @Test func aCalibratedModelSaysWhatItLeavesOpen() throws {
    let evaluation = try overlapping(threshold: 0.5)
    var metadata = evaluation.metadata
    metadata.calibrate(on: evaluation, error: 0.2)
    let band = try #require(metadata.abstentionBand)
    #expect(band.contains(metadata.decisionThreshold) && metadata.calibration.contains("left open"))
    metadata.calibrate(on: evaluation)
    #expect(metadata.abstentionBand == nil)
  }
}
