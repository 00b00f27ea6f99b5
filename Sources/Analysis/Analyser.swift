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
  private let maker: ResultObjects.Maker

  /// Loads the model.
  /// - Parameters:
  ///   - url: a safetensors file.
  ///   - threads: threads for inference; 0 takes one per core but one, which is left to decoding and drawing.
  ///   - alone: the same for an image beside which nothing is decoded or drawn; 0 takes one per core where `threads` is 0
  ///     too, else as many as that.
  package init(modelAt url: URL, threads: Int, alone: Int = 0) throws(ModelRefusal) {
    Float.claimWorkspace()
    let cores = ProcessInfo.processInfo.activeProcessorCount
    predictor = try .loading(
      url, threads: threads > 0 ? threads : max(1, cores - 1),
      alone: alone > 0 ? alone : threads > 0 ? threads : cores)
    let metadata = predictor.metadata
    guard metadata.system.classifies && metadata.system.segments else {
      let lack = metadata.system.classifies ? "never learned lung masks" : "never learned findings"
      throw ModelRefusal(
        isMissing: false,
        description:
          "\(url.path): a model of the system \(metadata.system.rawValue) \(lack); reading needs both")
    }
    maker = ResultObjects.Maker(
      modelName: "\(metadata.name) \(metadata.version)", name: metadata.name, version: metadata.version,
      sha256: predictor.sha256,
      configuration: [
        SoftwareVersion.current, "\(metadata.inputSize)", "\(metadata.decisionThreshold)",
        "\(metadata.temperature)\(predictor.flips ? ", mirrored too" : "")",
      ])
  }

  /// Side of the network's input in pixels.
  package var inputSize: Int { predictor.metadata.inputSize }
  /// Name and version.
  package var modelName: String { maker.modelName }
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
  /// - Parameter isAlone: no other image is on its way, so that the network may have every core.
  package func read(_ image: PreparedImage, isAlone: Bool = false) -> ReadImage {
    let start = ContinuousClock.now
    var prediction: Prediction?
    if case .ready(let radiograph, let input, _, _) = image.content {
      prediction = predictor.predict(input.values, isAlone: isAlone) {
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
  ///   - terms: which results, and what they say of their making.
  /// - Returns: the row, whose `outputs` are names in `folder`; one line for people, the findings or what was wrong; and
  ///   how others refer to the objects among the outputs.
  /// - Throws: ``WriteFailure`` when the results can't be written: not the image's fault.
  package func finish(
    _ read: ReadImage, into folder: URL, tensors: Bool, of content: ContentDigest? = nil,
    on terms: ResultTerms = ResultTerms()
  ) throws(WriteFailure) -> (row: ReportRow, detail: String, objects: [ReplacedResult]) {
    let start = ContinuousClock.now
    let image = read.image
    var row = ReportRow(
      identity: image.identity, status: .analysed, model: modelName, modelSHA256: modelSHA256,
      analysedAt: Date.now.formatted(.iso8601))
    var detail = ""
    var referred: [ReplacedResult] = []
    switch (image.content, read.prediction) {
    case (.refused(let status, let code, let text), _):
      row.refuse(status, code: code, file: image.url.path)
      detail = text
    case (.ready, nil): preconditionFailure("a ready image was not read")
    case (.ready(let radiograph, let input, let source, let compression), let prediction?):
      // A model without a gate is believed.
      let lungs = predictor.metadata.gatesLungs ? prediction.lungs : .lungs
      guard lungs != .notFound else {
        row.refuse(.notAnalysed, code: "lungs_not_found", file: image.url.path)
        detail = "no pair of lungs was found in the picture"
        break
      }
      let findings = Findings(prediction, of: radiograph, input: input, metadata: predictor.metadata)
      let files = ResultFiles(in: folder, sopInstanceUID: image.identity.sopInstanceUID)
      let (named, seriesNote) = Self.named(source)
      let objects = ResultObjects(
        source: named, radiograph: radiograph, findings: findings, compression: compression,
        content: content, maker: maker, terms: terms, createdAt: terms.createdAt ?? .now)
      var begun: [String] = []
      do throws(ResultFailure) {
        var saliency: [Float]?
        if terms.options.kinds.contains(.overlay) { saliency = input.mapBack(prediction.saliency) }
        let written = try write(objects, saliency: saliency, to: files)
        begun = written.names
        row.outputs = written.names + (try writeMessages(objects, to: files))
        // A message alone carries what was changed, too.
        let headerNotes = row.outputs.isEmpty ? [] : CarriedIdentity(of: named).notes + seriesNote
        referred = written.objects
        if tensors {
          try write(prediction, of: input, to: files.tensors)
          row.outputs.append(files.tensors.lastPathComponent)
        }
        let notes =
          radiograph.notes.map { ReportNote.picture($0) }
          + ScopeNote.notes(of: source, ages: predictor.metadata.ages).map { .scope($0) }
          + headerNotes.map { .header($0) }
          + (lungs == .doubtful ? [.lungsDoubtful] : [])
          + (findings.isUncertain ? [.findingUncertain] : [])
        row.state(findings, notes: notes + (findings.lungArea == nil ? [.noCalibratedSpacing] : []))
        detail = notes.map(\.description).joined(separator: "; ")
      } catch {
        // All results or none.
        for name in begun { try? FileManager.default.removeItem(at: folder.appending(path: name)) }
        row.outputs = []
        switch error {
        case .cannotWrite(let failure): throw failure
        case .ofImage(let code, let text):
          row.refuse(.rejected, code: code, file: image.url.path)
          detail = text
        }
      }
    }
    row.seconds = (read.duration + start.duration(to: .now)).inSeconds
    return (row, detail, referred)
  }

  /// A source that names no series gets one: results refer to it by its series.
  private static func named(_ source: DataSet) -> (DataSet, [HeaderNote]) {
    guard source.whole(.seriesInstanceUID).flatMap({ UID(meantBy: $0) }) == nil,
      let uid = source.whole(.sopInstanceUID)
    else { return (source, []) }
    var named = source
    named.set(.seriesInstanceUID, UID.derived(from: [uid, "series"]))
    return (named, [HeaderNote(.replaced, .seriesInstanceUID)])
  }

  /// Writes the objects, and where there are pictures a preview. What can be made side by side is: the pictures beside the
  /// lungs' masks, then the preview's compression beside the objects'. All come onto the disk together, which costs one
  /// wait for it; the image has all results or none.
  private func write(
    _ objects: ResultObjects, saliency: [Float]?, to files: ResultFiles
  ) throws(ResultFailure) -> (names: [String], objects: [ReplacedResult]) {
    let (drawn, others) = try simultaneously(
      { () throws(ResultFailure) in
        try saliency.map { map throws(ResultFailure) in try Self.overlay(of: objects, map) }
      },
      { () throws(ResultFailure) in
        do throws(InvalidObject) { return try objects.others() } catch { throw .undescribable(error) }
      })
    let all: [ResultObjects.Object]
    do throws(InvalidObject) {
      let captures = try drawn.map { drawn throws(InvalidObject) in try objects.captures(of: drawn.frames) }
      all = (captures ?? []) + others
    } catch { throw .undescribable(error) }
    let overlay = drawn?.overlay
    let (encoded, preview) = try simultaneously(
      { () throws(ResultFailure) in
        try all.map { item throws(ResultFailure) in try Self.encoded(item, for: files.object(item.ending)) }
      },
      { () throws(ResultFailure) in
        try overlay.map { overlay throws(ResultFailure) in try Self.encoded(overlay, for: files.preview) }
      })
    let places = all.map { files.object($0.ending) } + (overlay == nil ? [] : [files.preview])
    do throws(WriteFailure) {
      try DurableFiles.write(zip(places, encoded + (preview.map { [$0] } ?? [])).map { (url: $0, bytes: $1) })
    } catch {
      for url in places { try? FileManager.default.removeItem(at: url) }
      throw .cannotWrite(error)
    }
    let written = all.map { ReplacedResult(kind: ResultFiles.kind(of: $0.ending), $0.object.dataSet) }
    return (places.map(\.lastPathComponent), written)
  }

  /// Writes what other systems than DICOM's are told.
  private func writeMessages(_ objects: ResultObjects, to files: ResultFiles) throws(ResultFailure)
    -> [String]
  {
    let message = ResultMessage(objects)
    var names: [String] = []
    if objects.terms.options.kinds.contains(.fhir) {
      guard let resource = try? message.diagnosticReport else {
        throw .ofImage(code: "invalid_object", detail: "the findings can't be written as FHIR")
      }
      try Self.write(resource, to: files.fhir)
      names.append(files.fhir.lastPathComponent)
    }
    if objects.terms.options.kinds.contains(.hl7) {
      try Self.write(message.oru, to: files.hl7)
      names.append(files.hl7.lastPathComponent)
    }
    return names
  }

  private static func write(_ bytes: [UInt8], to url: URL) throws(ResultFailure) {
    do {
      try Folder.create(url.deletingLastPathComponent())
      try DurableFile.write(bytes, to: url)
    } catch { throw .cannotWrite(error) }
  }

  private static func overlay(
    of objects: ResultObjects, _ saliency: [Float]
  ) throws(ResultFailure) -> (overlay: Overlay, frames: [RGBPicture]) {
    let side = objects.terms.options.longestSide
    do {
      let overlay = try Overlay(
        objects.radiograph, lungProbability: objects.findings.lungProbability, saliency: saliency,
        caption: objects.caption, longestSide: side > 0 ? side : nil)
      return (overlay, try overlay.frames())
    } catch {
      throw .undrawable(error)
    }
  }

  private static func encoded(
    _ item: ResultObjects.Object, for url: URL
  ) throws(ResultFailure) -> [UInt8] {
    do { return try item.object.encoded(as: item.transferSyntax, for: url.path) } catch {
      throw .unencodable(error)
    }
  }

  private static func encoded(_ overlay: Overlay, for url: URL) throws(ResultFailure) -> [UInt8] {
    let picture: RGBPicture
    do { picture = try overlay.sideBySide() } catch { throw .undrawable(error) }
    do { return try PNG.encoded(picture, for: url.path) } catch { throw .undrawable(error) }
  }

  private func write(_ prediction: Prediction, of input: ModelInput, to url: URL) throws(ResultFailure) {
    try Self.write(Array(prediction.encoded(input: input.values)), to: url)
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
