import DICOM
package import Files
package import FoundationEssentials
import MultiMix
import Radiography
internal import Rendering
internal import Tensors

/// Turns prepared images into findings, result objects and report rows. Holds the model; the network takes one
/// image at a time.
package struct Analyser {
  private let predictor: Predictor
  private let configurationDigest: String

  /// Loads the model.
  /// - Parameters:
  ///   - url: a safetensors file.
  ///   - threads: threads for inference; 0 takes one per core but one, which is left to decoding and drawing.
  package init(modelAt url: URL, threads: Int) throws(ModelRefusal) {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    predictor = try .loading(url, threads: threads > 0 ? threads : max(1, cores - 1))
    let metadata = predictor.metadata
    guard metadata.system.classifies && metadata.system.segments else {
      let lack = metadata.system.classifies ? "never learned lung masks" : "never learned findings"
      throw ModelRefusal(
        isMissing: false,
        description:
          "\(url.path): a model of the system \(metadata.system.rawValue) \(lack); reading needs both")
    }
    // All that shapes a result object beside the image and the weights.
    configurationDigest =
      UID.derived(from: [
        "overlay 3", SoftwareVersion.current, "\(metadata.inputSize)", "\(metadata.decisionThreshold)",
        "\(metadata.temperature)\(predictor.flips ? ", mirrored too" : "")",
      ]).string
  }

  /// Side of the network's input in pixels.
  package var inputSize: Int { predictor.metadata.inputSize }
  /// Name and version.
  package var modelName: String { "\(predictor.metadata.name) \(predictor.metadata.version)" }
  /// SHA-256 of the model file, hexadecimal.
  package var modelSHA256: String { predictor.sha256 }

  /// A prepared image and what the network says of it.
  package struct ReadImage: Sendable {
    let image: PreparedImage
    /// Nil for an image that isn't for the network.
    let prediction: Prediction?
    /// Wall-clock time that preparation and network took.
    let duration: Duration

    /// Digest of the network's input; nil where there was none.
    package var tensor: ContentDigest? {
      guard case .ready(_, let input, _, _) = image.content else { return nil }
      return unsafe input.values.withUnsafeBytes { unsafe ContentDigest(of: $0) }
    }

    /// Digest of the decoded picture.
    package var pixels: ContentDigest? { image.pixels }
  }

  /// Takes an image through the network, if it is for it.
  package func read(_ image: PreparedImage) -> ReadImage {
    let start = ContinuousClock.now
    var prediction: Prediction?
    if case .ready(let radiograph, let input, _, _) = image.content {
      prediction = predictor.predict(input.values) {
        Self.closeLook(at: $0, of: radiograph, size: input.size)
      }
    }
    return ReadImage(
      image: image, prediction: prediction, duration: image.duration + start.duration(to: .now))
  }

  /// The lungs as a classifier that reads them alone is shown them, in training too.
  private static func closeLook(at box: LungBox, of radiograph: Radiograph, size: Int) -> [Float] {
    let side = SquareView.detail(of: size)
    let part = box.pixels(ofSide: side)
    return SquareView.values(
      of: ModelInput(radiograph, size: side).values, side: side,
      box: PixelBox(row: part.row, column: part.column, rows: part.rows, columns: part.columns), size: size)
  }

  /// Draws what was found and writes the results into `folder`, each under a temporary name first.
  ///
  /// - Parameters:
  ///   - content: of the source's file; result UIDs derive from it, so that no two different results share one.
  ///   - createdAt: the date of the result objects.
  ///   - replaced: earlier results that these take the place of.
  /// - Returns: the row, whose `outputs` are names in `folder`, and one line for people: the findings, or what
  ///   was wrong.
  /// - Throws: ``WriteFailure`` when the results can't be written: not the image's fault.
  package func finish(
    _ read: ReadImage, into folder: URL, tensors: Bool, of content: ContentDigest? = nil,
    at createdAt: Date = .now, replacing replaced: [ReplacedResult] = []
  ) throws(WriteFailure) -> (row: ReportRow, detail: String) {
    let start = ContinuousClock.now
    let image = read.image
    var row = ReportRow(
      identity: image.identity, status: .analysed, model: modelName, modelSHA256: modelSHA256,
      analysedAt: Date.now.formatted(.iso8601))
    var detail = ""
    switch (image.content, read.prediction) {
    case (.refused(let status, let code, let text), _):
      row.refuse(status, code: code, file: image.url.path)
      detail = text
    case (.ready, nil): preconditionFailure("a ready image was not read")
    case (.ready(let radiograph, let input, let source, let compression), let prediction?):
      let findings = Findings(prediction, of: radiograph, input: input, metadata: predictor.metadata)
      guard findings.lungs != .notFound else {
        row.refuse(.notAnalysed, code: "lungs_not_found", file: image.url.path)
        detail = "no pair of lungs was found in the picture"
        break
      }
      let files = ResultFiles(in: folder, sopInstanceUID: image.identity.sopInstanceUID)
      do throws(ResultFailure) {
        let overlay = try overlay(of: radiograph, findings, prediction, input)
        let making = Making(
          compression: compression, content: content, date: createdAt, replaced: replaced)
        let headerNotes = try write(overlay, of: source, as: radiograph, making, to: files)
        row.outputs = [files.overlay.lastPathComponent, files.preview.lastPathComponent]
        if tensors {
          try write(prediction, of: input, to: files.tensors)
          row.outputs.append(files.tensors.lastPathComponent)
        }
        let notes =
          radiograph.notes.map { ReportNote.picture($0) } + headerNotes.map { ReportNote.header($0) }
          + (findings.lungs == .doubtful ? [.lungsDoubtful] : [])
        row.state(findings, notes: notes + (findings.lungArea == nil ? [.noCalibratedSpacing] : []))
        detail = notes.map(\.description).joined(separator: "; ")
      } catch {
        switch error {
        case .cannotWrite(let failure): throw failure
        case .invalid(let code, let text):
          row.refuse(.rejected, code: code, file: image.url.path)
          detail = text
        }
      }
    }
    row.seconds = (read.duration + start.duration(to: .now)).inSeconds
    return (row, detail)
  }

  /// What a result object says of its making.
  private struct Making {
    /// Of the source's pixels.
    let compression: LossyCompression?
    let content: ContentDigest?
    let date: Date
    let replaced: [ReplacedResult]
  }

  private enum ResultFailure: Error {
    case cannotWrite(WriteFailure)
    /// The image doesn't carry what a result object needs.
    case invalid(code: String, detail: String)

    static func undrawable(_ error: OverlayError) -> ResultFailure {
      .invalid(code: "overlay_failed", detail: "\(error)")
    }
  }

  private func overlay(
    of radiograph: Radiograph, _ findings: Findings, _ prediction: Prediction, _ input: ModelInput
  ) throws(ResultFailure) -> Overlay {
    let caption = OverlayCaption(
      pneumoniaProbability: findings.pneumoniaProbability, finding: findings.finding,
      lungFraction: findings.lungFraction, lungArea: findings.lungArea,
      modelName: predictor.metadata.name, modelVersion: predictor.metadata.version)
    do {
      return try Overlay(
        radiograph, lungProbability: findings.lungProbability, saliency: input.mapBack(prediction.saliency),
        caption: caption)
    } catch {
      throw .undrawable(error)
    }
  }

  /// The result object and its preview, at the same time: one waits for the disk while the other compresses.
  private func write(
    _ overlay: Overlay, of source: DataSet, as radiograph: Radiograph, _ making: Making,
    to files: ResultFiles
  ) throws(ResultFailure) -> [HeaderNote] {
    do { try Folder.create(files.overlay.deletingLastPathComponent()) } catch {
      throw .cannotWrite(error)
    }
    do {
      return try simultaneously(
        { () throws(ResultFailure) in
          try writeObject(overlay, of: source, as: radiograph, making, to: files.overlay)
        }, { () throws(ResultFailure) in try writePreview(overlay, to: files.preview) }
      ).0
    } catch {
      // The image has both results or none.
      for url in [files.overlay, files.preview] { try? FileManager.default.removeItem(at: url) }
      throw error
    }
  }

  private func writeObject(
    _ overlay: Overlay, of source: DataSet, as radiograph: Radiograph, _ making: Making, to url: URL
  ) throws(ResultFailure) -> [HeaderNote] {
    let pictures: [RGBPicture]
    do { pictures = try overlay.frames() } catch { throw .undrawable(error) }
    let capture = try secondaryCapture(
      of: source, pictures, making, orientation: radiograph.rightedOrientation)
    do { try capture.write(to: url) } catch {
      guard error.reason == .invalidObject else {
        throw .cannotWrite(WriteFailure(path: error.path, message: error.detail))
      }
      throw .invalid(code: error.code, detail: error.detail)
    }
    return capture.headerNotes
  }

  private func writePreview(_ overlay: Overlay, to url: URL) throws(ResultFailure) {
    let picture: RGBPicture
    do { picture = try overlay.sideBySide() } catch { throw .undrawable(error) }
    do { try PNG.write(picture, to: url) } catch {
      throw .cannotWrite(WriteFailure(path: url.path, message: error.description))
    }
  }

  private func secondaryCapture(
    of source: DataSet, _ pictures: [RGBPicture], _ making: Making, orientation: [String]?
  ) throws(ResultFailure) -> SecondaryCapture {
    let configuration = UID.derived(from: [configurationDigest] + (making.content.map { ["\($0)"] } ?? []))
    do {
      return try SecondaryCapture(
        of: source, pictures: pictures,
        equipment: .mmdicom(version: SoftwareVersion.current, model: modelName),
        identity: ResultIdentity(
          objectKind: "overlay", modelSHA256: modelSHA256, configurationDigest: configuration.string,
          replaced: making.replaced.filter { $0.kind == "overlay" }.compactMap(\.object)),
        seriesDescription: "MultiMix overlay (research use only)",
        derivationDescription: "Lung contour and saliency drawn by \(modelName)",
        imageComments: "Research use only, not for diagnosis", patientOrientation: orientation,
        sourceCompression: making.compression, createdAt: making.date)
    } catch {
      throw .invalid(code: error.code, detail: error.description)
    }
  }

  private func write(_ prediction: Prediction, of input: ModelInput, to url: URL) throws(ResultFailure) {
    do { try DurableFile.write(Array(prediction.encoded(input: input.values)), to: url) } catch {
      throw .cannotWrite(error)
    }
  }
}

extension ReportRow {
  fileprivate mutating func state(_ findings: Findings, notes: [ReportNote]) {
    pneumoniaProbability = findings.pneumoniaProbability
    finding = findings.finding
    lungFraction = findings.lungFraction
    lungArea = findings.lungArea
    for note in notes { self.note(note.code) }
  }
}
