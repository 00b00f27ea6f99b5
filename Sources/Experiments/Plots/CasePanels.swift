internal import Archive
internal import EvaluationMetrics
internal import Foundation
internal import MultiMix
internal import Rendering
internal import Training

/// Single images, chosen by rule and not by taste: contours of reference and prediction, and the saliency.
/// The pictures are of patients: they belong beside the results and nowhere else.
struct CasePanels {
  let index: ArchiveIndex
  let cache: ImageCache
  let predictor: Predictor

  /// Positions in the index by SOP Instance UID.
  private let positions: [String: Int]

  init(index: ArchiveIndex, cache: ImageCache, predictor: Predictor) {
    (self.index, self.cache, self.predictor) = (index, cache, predictor)
    positions = Dictionary(
      index.images.enumerated().map { ($0.element.sopInstanceUID, $0.offset) },
      uniquingKeysWith: { first, _ in first })
  }

  private static let ranks: [(share: Double, name: String)] = [
    (0, "lowest"), (0.05, "5th percentile"), (0.25, "25th percentile"), (0.5, "median"),
    (0.75, "75th percentile"), (1, "highest"),
  ]

  /// The images at fixed ranks of their Dice, from the worst to the best.
  func contours(_ rows: [Evaluation.Row], title: String, subtitle: String) -> Figure? {
    let ranked = rows.compactMap { row in row.segmentation.map { (row, $0.dice) } }
      .sorted { ($0.1, $0.0.image.sopInstanceUID) < ($1.1, $1.0.image.sopInstanceUID) }
    guard !ranked.isEmpty else { return nil }
    var panels: [Figure.Panel] = []
    var last = -1
    for (share, name) in Self.ranks {
      let place = Int((Double(ranked.count - 1) * share).rounded())
      // Few images have fewer ranks.
      if place == last { continue }
      last = place
      let (row, dice) = ranked[place]
      guard let position = positions[row.image.sopInstanceUID], let mask = cache.mask(position) else {
        continue
      }
      let image = cache.image(position)
      let lungs = predictor.lungProbability(in: image)
      func lines(_ map: [Float]) -> [IsoLine] {
        IsoLine.lines(in: map, width: cache.size, height: cache.size, level: 0.5)
      }
      panels.append(
        .picture(
          PicturePanel(
            pixels: image.map { RGBColour.gray($0).packed }, size: cache.size,
            contours: [(lines(mask), Palette.reference), (lines(lungs), Palette.predicted)],
            caption: ["Dice \(ROCPlot.figure(dice))", "\(name), \(row.image.source)"])))
    }
    var figure = Figure(
      title: title, subtitle: subtitle, panels: panels, columns: 3, panelSize: (256, 292),
      note: "Images at fixed ranks of their Dice coefficient, from the lowest to the highest of all.")
    figure.key = [("reference", Palette.reference), ("predicted", Palette.predicted)]
    return figure
  }

  /// Of each outcome of the classifier, the image with the middle probability: beside it where the decision
  /// came from.
  func saliency(_ rows: [Evaluation.Row], threshold: Double, title: String, subtitle: String) -> Figure? {
    var panels: [Figure.Panel] = []
    for finding in [Finding.pneumonia, .normal] {
      for isCalled in [true, false] {
        let rows = rows.filter {
          $0.image.finding == finding && ($0.pneumoniaProbability >= threshold) == isCalled
        }.sorted {
          ($0.pneumoniaProbability, $0.image.sopInstanceUID)
            < ($1.pneumoniaProbability, $1.image.sopInstanceUID)
        }
        guard !rows.isEmpty, let position = positions[rows[rows.count / 2].image.sopInstanceUID] else {
          continue
        }
        let row = rows[rows.count / 2]
        let image = cache.image(position)
        let prediction = predictor.predict(image) {
          cache.part(position, size: cache.size, box: $0.pixels(ofSide:))
        }
        let heat = HeatMap(
          saliency: prediction.saliency, width: cache.size, height: cache.size)
        let words = "\(finding.rawValue) called \(isCalled ? "pneumonia" : "normal")"
        panels.append(picture(image.map { RGBColour.gray($0).packed }, [words, row.image.source]))
        panels.append(
          picture(
            heat.over(image),
            [
              "probability of pneumonia \(ROCPlot.figure(row.pneumoniaProbability))",
              "median of \(rows.count) such images",
            ]))
      }
    }
    guard !panels.isEmpty else { return nil }
    return Figure(
      title: title, subtitle: subtitle, panels: panels, columns: min(4, panels.count), panelSize: (224, 260),
      note: "Saliency is scaled within each image: it tells where a decision came from, not how strong the "
        + "evidence is.")
  }

  private func picture(_ pixels: [UInt32], _ caption: [String]) -> Figure.Panel {
    .picture(PicturePanel(pixels: pixels, size: cache.size, contours: [], caption: caption))
  }
}
