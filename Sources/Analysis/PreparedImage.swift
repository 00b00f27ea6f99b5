import DICOM
package import Files
package import FoundationEssentials
import Radiography

/// A file on its way to the network: read, judged and decoded, with nothing of the network in it, so that one
/// file can be prepared while another is in the network.
package struct PreparedImage: Sendable {
  /// Ready for the network, or why not.
  enum Content: Sendable {
    case ready(Radiograph, ModelInput, source: DataSet, compression: LossyCompression?)
    case refused(ReportRow.Status, code: String, detail: String)
  }

  /// The file.
  package let url: URL
  /// Which image it is, as far as the file tells.
  package let identity: ImageIdentity
  let content: Content
  /// Digest of the decoded picture; nil where it wasn't needed or can't be decoded.
  package let pixels: ContentDigest?
  /// Whether it can't be used.
  package var isRejected: Bool { if case .refused(.rejected, _, _) = content { true } else { false } }
  /// Wall-clock time that the preparation took.
  let duration: Duration

  /// Reads, judges and decodes the file at `url` for a network with input side `inputSize`. The file is only
  /// read.
  package init(_ url: URL, inputSize: Int) {
    let start = ContinuousClock.now
    self.init(
      ReadFile(url, wantsDigest: false), inputSize: inputSize, unstated: .read, since: start)
  }

  /// Judges and decodes a file that has been read.
  /// - Parameters:
  ///   - unstated: what becomes of one that says neither body part nor view.
  ///   - wantsPixels: whether anybody asks for `pixels`: they are digested for it.
  package init(
    _ file: ReadFile, inputSize: Int, unstated: ResultOptions.Unstated = .read, wantsPixels: Bool = false
  ) {
    self.init(file, inputSize: inputSize, unstated: unstated, wantsPixels: wantsPixels, since: .now)
  }

  private init(
    _ file: ReadFile, inputSize: Int, unstated: ResultOptions.Unstated, wantsPixels: Bool = false,
    since start: ContinuousClock.Instant
  ) {
    url = file.url
    identity = file.identity
    switch file.content {
    case .success(let file):
      (content, pixels) = Self.content(of: file, inputSize: inputSize, unstated, wantsPixels: wantsPixels)
    case .failure(let error):
      (content, pixels) = (.refused(.rejected, code: error.code, detail: error.detail), nil)
    }
    duration = .now - start
  }

  /// One that is refused without being read.
  init(url: URL, content: Content) {
    self.url = url
    self.content = content
    identity = ImageIdentity()
    pixels = nil
    duration = .zero
  }

  private static func content(
    of file: DICOMFile, inputSize: Int, _ unstated: ResultOptions.Unstated, wantsPixels: Bool
  ) -> (Content, pixels: ContentDigest?) {
    if let reason = Eligibility(file.dataSet, refusesUnstated: unstated == .refuse).reason {
      return (.refused(.notAnalysed, code: reason.code, detail: reason.description), nil)
    }
    do {
      var digest = PictureDigest()
      let radiograph = try Radiograph(file) { if wantsPixels { digest.add($0) } }
      let input = ModelInput(radiograph, size: inputSize)
      let content = Content.ready(
        radiograph, input, source: file.dataSet, compression: file.lossyCompression)
      return (content, wantsPixels ? digest.finished() : nil)
    } catch {
      let prefix = file.url.path + ": "
      let detail = error.description
      let short = detail.hasPrefix(prefix) ? String(detail.dropFirst(prefix.count)) : detail
      return (.refused(.rejected, code: error.code, detail: short), nil)
    }
  }
}

extension Duration {
  /// Seconds with a fraction.
  package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
