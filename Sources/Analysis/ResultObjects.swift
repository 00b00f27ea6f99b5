import DICOM
import Files
import FoundationEssentials
import MultiMix
import Radiography
internal import Rendering

/// Makes the DICOM objects of one image from what was found in it.
struct ResultObjects {
  /// An object on its way to a file.
  struct Object: Sendable {
    /// Behind the name of the image: `overlay.dcm`.
    let ending: String
    let object: any ResultObject
    var transferSyntax = TransferSyntax.explicitVRLittleEndian
  }

  /// The model as objects name it.
  struct Maker: Sendable {
    /// Name and version, together and apart.
    let modelName: String
    let name, version: String
    let sha256: String
    /// All that shapes a result beside the image, the weights and its options.
    let configuration: [String]
  }

  let source: DataSet
  let radiograph: Radiograph
  let findings: Findings
  /// Of the source's pixels.
  let compression: LossyCompression?
  /// Of the source's file; result UIDs derive from it, so that no two different results share one.
  let content: ContentDigest?
  let maker: Maker
  let terms: ResultTerms
  let createdAt: Date

  /// The objects that the options ask for, but for those of the overlay's pictures.
  func others() throws(InvalidObject) -> [Object] {
    var objects: [Object] = []
    lazy var masks = LungMasks(findings.lungProbability, of: radiograph)
    var reference: ResultReference?
    if asks(for: .segmentation) {
      let segmentation = try segmentation(masks)
      reference = segmentation.reference
      objects.append(Object(ending: "segmentation.dcm", object: segmentation))
    }
    if asks(for: .report) {
      objects.append(Object(ending: "report.dcm", object: try report(masks, reference)))
    }
    if asks(for: .presentation), let grayscale = radiograph.grayscale {
      objects.append(Object(ending: "presentation.dcm", object: try presentation(grayscale)))
    }
    return objects
  }

  private func asks(for kind: ResultOptions.Kind) -> Bool { terms.options.kinds.contains(kind) }

  private var equipment: Equipment { .mmdicom(version: SoftwareVersion.current, model: maker.modelName) }

  /// - Parameters:
  ///   - shape: what of the options shapes objects of this kind.
  ///   - ending: of the file, by which earlier results of its kind are found.
  private func identity(
    _ kind: ResultOptions.Kind, _ shape: String, part: String = "", ending: String? = nil
  ) -> ResultIdentity {
    let name = ResultFiles.kind(of: ending ?? "\(kind.rawValue).dcm")
    return ResultIdentity(
      objectKind: kind.rawValue, modelSHA256: maker.sha256,
      configurationDigest: UID.derived(from: maker.configuration + [shape]).string,
      // Its number in the series is part of an object: under one UID it is always the same.
      content: (content.map { "\($0)" } ?? "") + part + (terms.number > 1 ? "#\(terms.number)" : ""),
      replaced: terms.replaced.filter { $0.kind == name }.compactMap(\.object))
  }

  /// One object of all pictures, or one of each: the outline, and the saliency.
  func captures(of pictures: [RGBPicture]) throws(InvalidObject) -> [Object] {
    let options = terms.options
    let shape = "overlay 4, \(options.frames), \(options.longestSide), \(options.encoding)"
    let groups: [(ending: String, pictures: [RGBPicture])] =
      options.frames == .several
      ? [("overlay.dcm", pictures)]
      : zip(["overlay.dcm", "saliency.dcm"], pictures).map { ($0, [$1]) }
    var objects: [Object] = []
    for (index, group) in groups.enumerated() {
      let capture = try SecondaryCapture(
        of: source, pictures: group.pictures, equipment: equipment,
        identity: identity(.overlay, shape, part: groups.count > 1 ? group.ending : "", ending: group.ending),
        seriesDescription: "MultiMix overlay (research use only)",
        derivationDescription: "Lung contour and saliency drawn by \(maker.modelName)",
        imageComments: "Research use only, not for diagnosis",
        instanceNumber: (terms.number - 1) * groups.count + index + 1,
        patientOrientation: radiograph.rightedOrientation, sourceCompression: compression,
        createdAt: createdAt)
      objects.append(
        Object(ending: group.ending, object: capture, transferSyntax: options.encoding.transferSyntax))
    }
    return objects
  }

  private func segmentation(_ masks: LungMasks) throws(InvalidObject) -> Segmentation {
    try Segmentation(
      of: source,
      segments: masks.lungs.map {
        Segmentation.Segment(label: $0.concept.meaning, type: $0.concept, mask: $0.mask)
      },
      equipment: equipment, identity: identity(.segmentation, "segmentation 1"), contentLabel: "LUNGS",
      seriesDescription: "Lungs (research use only, not for diagnosis)",
      derivationDescription: "Lungs segmented by \(maker.modelName)", algorithmName: maker.name,
      instanceNumber: terms.number, sourceCompression: compression, createdAt: createdAt)
  }

  private func report(
    _ masks: LungMasks, _ segmentation: ResultReference?
  ) throws(InvalidObject) -> StructuredReport {
    let spacing = radiograph.pixelSpacing.flatMap { $0.isCalibrated ? $0 : nil }
    let measurements = Measurements(
      findings: [
        .init(
          .pneumonia, site: .lung, probability: findings.pneumoniaProbability,
          presence: findings.isUncertain ? .undetermined : findings.isPositive ? .present : .absent)
      ],
      regions: masks.lungs.enumerated().map { index, lung in
        .init(lung.concept, frame: index + 1, area: spacing.map { Double(lung.pixels) * $0.pixelArea })
      },
      segmentation: segmentation, algorithmName: maker.name, algorithmVersion: maker.version)
    return try StructuredReport(
      of: source, measurements, equipment: equipment,
      identity: identity(
        .report, segmentation == nil ? "report 1, alone" : "report 1",
        part: segmentation?.sopInstanceUID.string ?? ""),
      seriesDescription: "Findings (research use only, not for diagnosis)",
      instanceNumber: terms.number, createdAt: createdAt)
  }

  private func presentation(_ grayscale: GrayscaleStages) throws(InvalidObject) -> PresentationState {
    let aspect = radiograph.turning.transposes ? 1 / radiograph.pixelAspect : radiograph.pixelAspect
    return try PresentationState(
      of: source, outlines: outlines, label: "LUNGS", text: [caption.headline], grayscale: grayscale,
      turn: PresentationState.Turn(radiograph.turning),
      // One that would cover everything wasn't believed.
      keepsShutter: !radiograph.notes.contains(.shutterIgnored), pixelAspect: aspect, equipment: equipment,
      identity: identity(.presentation, "presentation 1"),
      seriesDescription: "Outline (research use only, not for diagnosis)",
      instanceNumber: terms.number, createdAt: createdAt)
  }

  var caption: OverlayCaption {
    OverlayCaption(
      pneumoniaProbability: findings.pneumoniaProbability, finding: findings.finding,
      isUncertain: findings.isUncertain, lungFraction: findings.lungFraction, lungArea: findings.lungArea,
      modelName: maker.name,
      modelVersion: maker.version)
  }

  /// The lungs' outline on the stored pixels.
  private var outlines: [PresentationState.Outline] {
    let (rows, columns) = (Double(radiograph.rows), Double(radiograph.columns))
    let back = radiograph.turning.inverse
    let limit = PresentationState.Outline.mostPoints
    return LungOutline.lines(findings.lungProbability, of: radiograph).map { line in
      // So many points only a fractal has; then every second, every third will do.
      let step = (line.points.count + limit - 1) / limit
      let points = stride(from: 0, to: line.points.count, by: step).map { line.points[$0] }
      return PresentationState.Outline(
        points: points.map { point in
          let (x, y) = back(x: point.x, y: point.y, width: columns, height: rows)
          return (column: x, row: y)
        }, isClosed: line.isClosed)
    }
  }
}

extension PresentationState.Turn {
  /// As rotation and mirroring what is a transposition and mirrorings here.
  init(_ turning: Turning) {
    switch (turning.transposes, turning.reversesRows, turning.reversesColumns) {
    case (false, false, let isFlipped): self.init(rotation: 0, isFlipped: isFlipped)
    case (false, true, let isFlipped): self.init(rotation: 180, isFlipped: !isFlipped)
    case (true, false, let isTurned): self.init(rotation: 90, isFlipped: !isTurned)
    case (true, true, let isTurned): self.init(rotation: 270, isFlipped: isTurned)
    }
  }
}
