public import Foundation
internal import NeuralNetworks
internal import Synchronization
internal import Tensors

/// What the network says of one image.
public struct Prediction: Sendable {
  /// [2], in the order of the model's class names; where the classifier reads the lungs and the whole picture too, the
  /// weighted mean of both.
  public let classLogits: [Float]
  /// [size * size], row by row: the logit of "lung" for every pixel; where a model with a gate finds lungs in the inverse
  /// picture alone, of that.
  public let maskLogits: [Float]
  /// [size * size]: the absolute gradient of the larger class score by the pixel, where the classifier reads the
  /// lungs that of the lungs, brought back onto the whole picture.
  public let saliency: [Float]
  /// The calibrated probability of pneumonia: softmax(logits / temperature).
  public let pneumoniaProbability: Double
  /// What the classifier read, where that isn't the whole picture.
  public let closeLook: CloseLook?

  /// The lungs as the classifier read them.
  public struct CloseLook: Sendable {
    /// Where in the picture; all of it where no lungs were found.
    public let box: LungBox
    /// [size * size], 0...1.
    public let input: [Float]
    /// [size * size]: the absolute gradient of the larger class score by the box's pixels.
    public let saliency: [Float]
  }

  /// Whether the mask can be a pair of lungs; worked out when asked for, unless the model's gate did.
  public var lungs: LungShape.Verdict {
    verdict ?? LungShape(lungProbability, in: picture, side: Int(Double(picture.count).squareRoot())).verdict
  }
  fileprivate let verdict: LungShape.Verdict?
  /// What was read.
  fileprivate let picture: [Float]
  /// sigmoid of the mask logits, without islands and holes: see `LungRegions`.
  public let lungProbability: [Float]
  /// The lung fields as they are seen, without what heart and diaphragm hide, of a model that draws both; nil of others,
  /// whose mask logits are of whichever kind they learned.
  public let visibleLungs: VisibleLungs?

  /// Both [size * size], row by row, as ``Prediction/maskLogits`` and ``Prediction/lungProbability``.
  public struct VisibleLungs: Sendable {
    public let logits: [Float]
    public let probability: [Float]
  }

  /// Input and outputs as a safetensors file's bytes: `input` [1, 1, size, size], `class_logits` [1, 2],
  /// `mask_logits` and `saliency` [1, 1, size, size], `visible_mask_logits` of a model that draws visible lung fields,
  /// too. Where the classifier read the lungs alone, what it read and where: `lungs_input` and `lungs_saliency`
  /// [1, 1, size, size], and `lungs_box` [4], top, bottom, left and right as shares of `input`'s height and width.
  public func encoded(input: [Float]) -> Data {
    let side = Int(Double(input.count).squareRoot())
    let plane = [1, 1, side, side]
    var arrays: [String: Safetensors.Array] = [
      "input": .init(shape: plane, values: input), "class_logits": .init(shape: [1, 2], values: classLogits),
      "mask_logits": .init(shape: plane, values: maskLogits),
      "saliency": .init(shape: plane, values: saliency),
    ]
    if let visibleLungs {
      arrays["visible_mask_logits"] = .init(shape: plane, values: visibleLungs.logits)
    }
    if let closeLook {
      let box = closeLook.box
      arrays["lungs_input"] = .init(shape: plane, values: closeLook.input)
      arrays["lungs_saliency"] = .init(shape: plane, values: closeLook.saliency)
      arrays["lungs_box"] = .init(
        shape: [4], values: [box.top, box.bottom, box.left, box.right].map { Float($0) })
    }
    return Safetensors(arrays: arrays).encoded()
  }
}

/// A prepared model and memory for its activations, which is allocated here, once. Calls from several threads wait for
/// one another; what is to run side by side takes a predictor each, of the same prepared model.
public final class Predictor: Sendable {
  private let model: PreparedModel
  private let activations: Mutex<Activations>

  private struct Activations {
    /// Those that an image is shared among, and those where nothing else wants a processor.
    let workers, all: Workers
    let state: SegmentationState<Float>
    let scratch: GradientScratch<Float>
  }

  /// - Parameters:
  ///   - threads: that share an image's work; what they find doesn't depend on how many they are.
  ///   - alone: the same for images that are read ``predict(_:isAlone:closeLook:)`` alone; by default as many.
  public convenience init(modelAt url: URL, threads: Int, alone: Int? = nil) throws(ModelError) {
    self.init(
      PreparedModel(try Model(readingFrom: url), threads: max(threads, alone ?? 0)), threads: threads,
      alone: alone)
  }

  public convenience init(_ model: Model, threads: Int) {
    self.init(PreparedModel(model, threads: threads), threads: threads)
  }

  public init(_ model: PreparedModel, threads: Int, alone: Int? = nil) {
    self.model = model
    let architecture = model.metadata.architecture
    let size = architecture.inputSize
    let scratch = GradientScratch<Float>(size: size, of: architecture, decoder: false)
    let workers = Workers(count: threads)
    activations = Mutex(
      Activations(
        workers: workers, all: alone.map { $0 == threads ? workers : Workers(count: $0) } ?? workers,
        state: SegmentationState(size: size, of: architecture, dropout: false, inferringIn: scratch),
        scratch: scratch))
  }

  /// Predictors of one thread each, to run side by side.
  public static func team(of count: Int, _ model: Model) -> [Predictor] {
    let prepared = PreparedModel(model, threads: count)
    return (0..<count).map { _ in Predictor(prepared, threads: 1) }
  }

  public var metadata: ModelMetadata { model.metadata }
  /// Of the model file; empty for a model that was not read from one.
  public var sha256: String { model.sha256 }
  /// Whether the mirror image is read too.
  public var flips: Bool { metadata.testTimeFlip }

  /// Where the mirror image is read too, class scores, mask logits and saliency are the means over both, the
  /// mirror's planes turned back. Logits rather than probabilities are averaged, so that the temperature and
  /// whatever else takes logits works on the mean as on one answer.
  /// - Parameters:
  ///   - input: [size * size], 0 ... 1: the whole picture.
  ///   - isAlone: nothing else is under way, so that all threads may be taken.
  ///   - closeLook: a part of the picture as the classifier shall read it, [size * size], 0 ... 1; asked for once,
  ///     by a model that reads the lungs alone.
  public func predict(_ input: [Float], isAlone: Bool = false, closeLook: (LungBox) -> [Float]) -> Prediction
  {
    let look = look(at: input, isAlone)
    let whole = look.answer
    guard metadata.view == .lungs else {
      return prediction(of: input, look, scores: whole.scores, saliency: whole.saliency, close: nil)
    }
    let box = lungBox(around: look.lungs, margin: metadata.lungsMargin) ?? .whole
    let part = closeLook(box)
    let close = bothWays(part) { finding($0, isAlone) }
    let weight = Float(metadata.lungsWeight)
    return prediction(
      of: input, look, scores: zip(close.scores, whole.scores).map { weight * $0 + (1 - weight) * $1 },
      saliency: box.placed(close.saliency, side: metadata.inputSize),
      close: .init(box: box, input: part, saliency: close.saliency))
  }

  /// What is said of the whole picture, with the lungs in it, and the gate's verdict where the model has one.
  private typealias Look = (answer: Answer, lungs: [Float], verdict: LungShape.Verdict?)

  /// A chest is one whatever its polarity is stated to be: where a model with a gate finds no lungs, but plainly does in the
  /// inverse picture, they are drawn as they are there, and are doubtful.
  private func look(at input: [Float], _ isAlone: Bool) -> Look {
    let stated = drawn(in: input, isAlone)
    guard metadata.gatesLungs, stated.verdict == .notFound else { return stated }
    let inverse = drawn(in: input.map { 1 - $0 }, isAlone)
    guard inverse.verdict == .lungs else { return stated }
    var answer = stated.answer
    (answer.mask, answer.visible) = (inverse.answer.mask, inverse.answer.visible)
    return (answer, inverse.lungs, .doubtful)
  }

  private func drawn(in input: [Float], _ isAlone: Bool) -> Look {
    let answer = bothWays(input) { self.answer($0, isAlone) }
    let lungs = lungProbability(ofLogits: answer.mask)
    let verdict =
      metadata.gatesLungs ? LungShape(lungs, in: input, side: metadata.inputSize).verdict : nil
    return (answer, lungs, verdict)
  }

  /// The same of a model that reads the whole picture; one that reads the lungs alone gets the picture as it is for
  /// them.
  public func predict(_ input: [Float]) -> Prediction { predict(input) { _ in input } }

  /// Where the lungs are, for a classifier that reads them alone; nil where none are found.
  /// - Parameters:
  ///   - input: [size * size], 0 ... 1: the whole picture.
  ///   - margin: in shares of the lungs' height and width; the model's own by default.
  public func lungBox(in input: [Float], margin: Double? = nil) -> LungBox? {
    lungBox(around: lungProbability(in: input), margin: margin ?? metadata.lungsMargin)
  }

  /// The lungs alone, see ``Prediction/lungProbability``, without a finding.
  public func lungProbability(in input: [Float]) -> [Float] {
    lungProbability(ofLogits: bothWays(input) { answer($0, false) }.mask)
  }

  private func lungProbability(ofLogits logits: [Float]) -> [Float] {
    LungRegions.mended(sigmoid(logits), side: metadata.inputSize)
  }

  private func lungBox(around probability: [Float], margin: Double) -> LungBox? {
    LungBox(around: probability.map { $0 >= 0.5 }, side: metadata.inputSize, margin: margin)
  }

  private func prediction(
    of input: [Float], _ look: Look, scores: [Float], saliency: [Float], close: Prediction.CloseLook?
  ) -> Prediction {
    let whole = look.answer
    return Prediction(
      classLogits: scores, maskLogits: whole.mask, saliency: saliency,
      pneumoniaProbability: metadata.pneumoniaProbability(ofLogit: metadata.pneumoniaLogit(ofScores: scores)),
      closeLook: close, verdict: look.verdict, picture: input, lungProbability: look.lungs,
      visibleLungs: whole.visible.isEmpty
        ? nil : .init(logits: whole.visible, probability: lungProbability(ofLogits: whole.visible)))
  }

  /// `mask` and `visible` are empty where only the finding was asked for, `visible` also where the model doesn't draw it.
  private typealias Answer = (scores: [Float], mask: [Float], visible: [Float], saliency: [Float])

  private func bothWays(_ input: [Float], _ answer: ([Float]) -> Answer) -> Answer {
    let one = answer(input)
    guard flips else { return one }
    let other = answer(mirrored(input))
    return (
      mean(one.scores, other.scores), mean(one.mask, mirrored(other.mask)),
      mean(one.visible, mirrored(other.visible)), mean(one.saliency, mirrored(other.saliency))
    )
  }

  private func finding(_ input: [Float], _ isAlone: Bool) -> Answer {
    activations.withLock { activations in
      let (state, scratch) = (activations.state, activations.scratch)
      let workers = isAlone ? activations.all : activations.workers
      let (scores, saliency) = state.finding(model.reader, input, scratch, workers)
      return (scores, [], [], saliency)
    }
  }

  private func answer(_ input: [Float], _ isAlone: Bool) -> Answer {
    activations.withLock { activations in
      let (state, scratch) = (activations.state, activations.scratch)
      let workers = isAlone ? activations.all : activations.workers
      let network = model.network
      let mask = state.forward(network, input, .none, scratch, workers)
      let scores = state.encoder.scores
      let visible = model.visible.map {
        network.decoder.answer(
          state.decoder, weight: $0[Architecture.visiblePrefix + "weight"],
          bias: $0[Architecture.visiblePrefix + "bias"], on: workers)
      }
      if !network.bridgesSaliency {
        // The decoder saw none, but readers of the finding still want to see where it came from.
        network.computeSaliency(
          state.encoder, scores: scores, scratch: scratch, into: state.saliency, on: workers)
      }
      return (scores, mask, visible ?? [], state.saliency.plane())
    }
  }

  /// Every row from right to left.
  private func mirrored(_ plane: [Float]) -> [Float] {
    let side = metadata.inputSize
    return stride(from: 0, to: plane.count, by: side).flatMap { plane[$0..<$0 + side].reversed() }
  }

  private func mean(_ a: [Float], _ b: [Float]) -> [Float] { zip(a, b).map { ($0 + $1) / 2 } }
}
