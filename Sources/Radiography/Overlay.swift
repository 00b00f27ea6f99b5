public import DICOM

/// What the network saw, drawn on the radiograph at its own resolution and physical aspect.
///
/// Two pictures rather than one: an outline and a heat map on top of each other hide both the anatomy and each
/// other. In the result object they are two frames of equal geometry (`frames`), which a reader pages between,
/// each as large as the radiograph; for a preview on a screen they stand side by side (`sideBySide`). Text stands
/// in a band below, so that nothing of the image is covered. Rows and columns keep the source's orientation.
public struct Overlay {
  private let scene: OverlayScene
  private let radiograph: Radiograph
  private let caption: OverlayCaption

  /// - Parameters:
  ///   - lungProbability: rows x columns of the radiograph, row-major, 0...1; outlined at 0.5.
  ///   - saliency: rows x columns of the radiograph, row-major; magnitudes in any unit.
  public init(
    _ radiograph: Radiograph, lungProbability: [Float], saliency: [Float], caption: OverlayCaption
  ) throws(OverlayError) {
    scene = try OverlayScene(radiograph, lungProbability: lungProbability, saliency: saliency)
    self.radiograph = radiograph
    self.caption = caption
  }

  /// Two pictures of equal size: the radiograph with the lungs outlined, and with the saliency as a heat map.
  public func frames() throws(OverlayError) -> [RGBPicture] {
    let size = Self.letterSize(panelWidth: scene.width)
    var bands: [CaptionBand] = []
    for key in [outlineKey, Self.saliencyKey] {
      bands.append(try CaptionBand(paragraphs(key: [key]), width: scene.width, size: size))
    }
    // All frames of an object have the same size.
    let height = scene.height + (bands.map(\.height).max() ?? 0)
    var pictures: [RGBPicture] = []
    for (index, band) in bands.enumerated() {
      let canvas = try Canvas(width: scene.width, height: height, ground: Ink.band)
      if index == 0 {
        try scene.drawOutline(on: canvas, atX: 0)
      } else {
        try scene.drawHeat(on: canvas, atX: 0)
      }
      band.draw(on: canvas, top: scene.height)
      pictures.append(try canvas.picture())
    }
    return pictures
  }

  /// One picture with both panels side by side, for a preview.
  public func sideBySide() throws(OverlayError) -> RGBPicture {
    let gap = max(2, scene.width / 100)
    let width = 2 * scene.width + gap
    let band = try CaptionBand(
      paragraphs(key: [outlineKey, Self.saliencyKey]), width: width,
      size: Self.letterSize(panelWidth: scene.width))
    let canvas = try Canvas(width: width, height: scene.height + band.height, ground: Ink.band)
    try scene.drawOutline(on: canvas, atX: 0)
    try scene.drawHeat(on: canvas, atX: scene.width + gap)
    band.draw(on: canvas, top: scene.height)
    return try canvas.picture()
  }

  /// Grows with the picture; below 9 pixels letters can't be told apart.
  private static func letterSize(panelWidth: Int) -> Double { max(9, 0.021 * Double(panelWidth)) }

  private func paragraphs(key: [[CaptionBand.Piece]]) -> [[CaptionBand.Piece]] {
    var result: [[CaptionBand.Piece]] = [[.text(caption.headline, isBold: true)]]
    result += key
    // The reader's own viewer shows such an image the other way round.
    for case .polarityContradictsTag(let tag) in radiograph.notes {
      result.append([.text("Shown inverted: the pixels contradict \(tag)", colour: Ink.warning)])
    }
    result.append([
      .text(caption.model, colour: Ink.quiet),
      .text(OverlayCaption.warning, isBold: true, colour: Ink.warning),
    ])
    return result
  }

  private var outlineKey: [CaptionBand.Piece] {
    [.outlineKey, .text("lung outline")] + (caption.lungs.map { [.text("(\($0))")] } ?? [])
  }

  private static let saliencyKey: [CaptionBand.Piece] = [
    .text("saliency: weak"), .colourBar, .text("strong"),
    .text("(influence on the decision, not disease extent)", colour: Ink.quiet),
  ]
}
