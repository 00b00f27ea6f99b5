public import DICOM
public import Radiography
internal import Tensors

/// What the network saw, drawn on the radiograph at its own resolution and physical aspect.
///
/// Two pictures rather than one: an outline and a heat map on top of each other hide both the anatomy and each
/// other. In the result object they are two frames of equal geometry (`frames`), which a reader pages between,
/// each as large as the radiograph; for a preview on a screen they stand side by side (`sideBySide`). Text stands
/// in a band below, so that nothing of the image is covered. Where the radiograph was turned upright, so is this.
public struct Overlay: Sendable {
  /// The radiograph with the lungs outlined, and with the saliency as a heat map; of one size.
  private let outline, heat: RGBPicture
  private let radiograph: Radiograph
  private let caption: OverlayCaption

  /// Draws both panels.
  /// - Parameters:
  ///   - lungProbability: rows x columns of the radiograph, row-major, 0...1; outlined at 0.5.
  ///   - saliency: rows x columns of the radiograph, row-major; magnitudes in any unit.
  ///   - longestSide: in pixels of each frame with its band; a smaller radiograph isn't magnified. Nil: as large as the
  ///     radiograph.
  public init(
    _ radiograph: Radiograph, lungProbability: [Float], saliency: [Float], caption: OverlayCaption,
    longestSide: Int? = nil
  ) throws(OverlayError) {
    self.radiograph = radiograph
    self.caption = caption
    let scale = try longestSide.map { side throws(OverlayError) in
      try Self.scale(of: radiograph, caption, longestSide: side)
    }
    let scene = try OverlayScene(
      radiograph, lungProbability: lungProbability, saliency: saliency, scale: scale ?? 1)
    (outline, heat) = try simultaneously(
      { () throws(OverlayError) in try scene.outline() }, { () throws(OverlayError) in try scene.heat() })
  }

  /// How much smaller the pictures must be than the radiograph, so that they and the bands below them fit. The band's
  /// height depends on how its text wraps, so that it is tried.
  private static func scale(
    of radiograph: Radiograph, _ caption: OverlayCaption, longestSide: Int
  ) throws(OverlayError) -> Double {
    let whole = OverlayScene.size(of: radiograph, scale: 1)
    var scale = min(1, Double(longestSide) / Double(max(whole.width, whole.height)))
    // Letters can't be smaller than can be read: where nothing fits, the smallest counts.
    var best = (side: Int.max, scale: scale)
    for _ in 0..<60 {
      let size = OverlayScene.size(of: radiograph, scale: scale)
      var band = 0
      for key in Self.keys(caption) {
        let paragraphs = paragraphs(key: key, caption, radiograph.notes)
        band = max(
          band,
          try CaptionBand(paragraphs, width: size.width, size: letterSize(panelWidth: size.width)).height)
      }
      let side = max(size.width, size.height + band)
      if side < best.side { best = (side, scale) }
      if side <= longestSide { break }
      scale *= min(0.99, Double(longestSide) / Double(side))
    }
    return best.scale
  }

  /// What stands in the bands of the frames.
  private static func keys(_ caption: OverlayCaption) -> [[[CaptionBand.Piece]]] {
    [[outlineKey(caption)], [saliencyKey]]
  }

  /// Two pictures of equal size: the radiograph with the lungs outlined, and with the saliency as a heat map.
  public func frames() throws(OverlayError) -> [RGBPicture] {
    var bands: [CaptionBand] = []
    for key in Self.keys(caption) { bands.append(try band(key: key, width: outline.width)) }
    // All frames of an object have the same size.
    let height = bands.map(\.height).max() ?? 0
    var pictures: [RGBPicture] = []
    for (panel, band) in zip([outline, heat], bands) {
      pictures.append(RGBPicture(stacking: panel, try band.picture(height: height)))
    }
    return pictures
  }

  /// One picture with both panels side by side, for a preview.
  public func sideBySide() throws(OverlayError) -> RGBPicture {
    let gap = try Canvas(width: max(2, outline.width / 100), height: outline.height, ground: Ink.band)
    let panels = RGBPicture(sideBySide: [outline, try gap.picture(), heat])
    let band = try band(key: [Self.outlineKey(caption), Self.saliencyKey], width: panels.width)
    return RGBPicture(stacking: panels, try band.picture(height: band.height))
  }

  private func band(key: [[CaptionBand.Piece]], width: Int) throws(OverlayError) -> CaptionBand {
    try CaptionBand(
      Self.paragraphs(key: key, caption, radiograph.notes), width: width,
      size: Self.letterSize(panelWidth: outline.width))
  }

  /// Grows with the picture; below 9 pixels letters can't be told apart.
  private static func letterSize(panelWidth: Int) -> Double { max(9, 0.021 * Double(panelWidth)) }

  private static func paragraphs(
    key: [[CaptionBand.Piece]], _ caption: OverlayCaption, _ notes: [QualityNote]
  ) -> [[CaptionBand.Piece]] {
    var result: [[CaptionBand.Piece]] = [[.text(caption.headline, isBold: true)]]
    result += key
    // The reader's own viewer may show such an image the other way round.
    for note in notes {
      switch note {
      case .polarityContradictsTag(let tag):
        result.append([.text("Shown inverted: the pixels contradict \(tag)", colour: Ink.warning)])
      case .righted(let stated):
        result.append([.text("Shown turned upright: stored as \(stated)", colour: Ink.warning)])
      case .orientationContradictsTag(let stated):
        result.append([
          .text("Shown as the picture stands: it contradicts orientation \(stated)", colour: Ink.warning)
        ])
      default: break
      }
    }
    result.append([
      .text(caption.model, colour: Ink.quiet),
      .text(OverlayCaption.warning, isBold: true, colour: Ink.warning),
    ])
    return result
  }

  private static func outlineKey(_ caption: OverlayCaption) -> [CaptionBand.Piece] {
    [.outlineKey, .text("lung outline")] + (caption.lungs.map { [.text("(\($0))")] } ?? [])
  }

  private static let saliencyKey: [CaptionBand.Piece] = [
    .text("saliency: weak"), .colourBar, .text("strong"),
    .text("(influence on the decision, not disease extent)", colour: Ink.quiet),
  ]
}

extension RGBPicture {
  /// Two pictures of one width, the second below the first.
  fileprivate init(stacking upper: RGBPicture, _ lower: RGBPicture) {
    self.init(width: upper.width, height: upper.height + lower.height, pixels: upper.pixels + lower.pixels)
  }

  /// Pictures of one height, from left to right.
  fileprivate init(sideBySide pictures: [RGBPicture]) {
    let width = pictures.reduce(0) { $0 + $1.width }
    let height = pictures.first?.height ?? 0
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * width * height)
    for row in 0..<height {
      for picture in pictures {
        pixels += picture.pixels[3 * picture.width * row..<3 * picture.width * (row + 1)]
      }
    }
    self.init(width: width, height: height, pixels: pixels)
  }
}
