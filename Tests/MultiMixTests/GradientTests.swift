import Foundation
import MultiMix
import NeuralNetworks
import Tensors
import TestSupport
import Testing

/// The whole objective's gradient, and the saliency, against central differences in float64 at 32 x 32.
@Suite struct GradientTests {
  static let size = 32
  static let seed: UInt32 = 77

  /// Every parameter: one of its elements, and all of them at once along a random direction. The objective is
  /// stated once more here, with the saliency held at its value for the unmoved weights: the gradient takes it as
  /// a constant.
  @Test(arguments: PlainObjective.Variant.allCases)
  func objective(_ variant: PlainObjective.Variant) throws {
    let plain = PlainObjective(variant)
    let weights: Parameters<Double> = Goldens.formulaWeights()
    let step = TrainingStep(MultiMixNetwork(weights), teacher: plain.teacher, size: Self.size, threads: 2)
    let gradient = Parameters<Double>(weights.layout)
    let terms = try step.run(plain.batch, objective: plain.objective, seed: Self.seed, gradient: gradient)
    // One weak view passes tau and one doesn't; every term is at work.
    #expect(terms.confident == 0.5)
    // And so do some of the pixels.
    if variant == .kl {
      #expect(terms.confidentPixels == 0)
    } else {
      #expect(terms.confidentPixels > 0.05 && terms.confidentPixels < 0.95)
    }
    #expect((terms.maskCrossEntropy > 1e-4) == (plain.objective.maskCrossEntropy > 0))
    for term in [terms.classification, terms.segmentation, terms.pseudoLabel, terms.consistency] {
      #expect(term > 1e-4)
    }
    #expect(abs(terms.total - plain.value(weights)) < 1e-12 * terms.total)

    let probes = weights.layout.entries.flatMap { entry in Probe.of(entry, gradient) }
    let numeric = Results(count: probes.count)
    DispatchQueue.concurrentPerform(iterations: 2) { half in
      let moved: Parameters<Double> = Goldens.formulaWeights()
      let runner = PlainObjective(variant)
      for i in stride(from: half, to: probes.count, by: 2) {
        numeric.set(i, probes[i].slope(moved, runner.value))
      }
    }
    for (i, probe) in probes.enumerated() {
      let difference = abs(numeric.get(i) - probe.analytic)
      // 1e-8 of the loss is what the differences can't resolve.
      #expect(
        difference < 1e-5 * abs(probe.analytic) + 3e-8, "\(probe.name): \(numeric.get(i)), \(probe.analytic)")
    }
  }

  @Test func saliencyIsTheGradientOfTheLargestScore() {
    let network = MultiMixNetwork<Double>(Goldens.formulaWeights())
    let workers = Workers(count: 1)
    network.refresh(on: workers)
    let state = EncoderState<Double>(size: Self.size)
    let image = PlainObjective.image(3)
    func scores(_ image: [Double]) -> [Double] {
      state.input.setPlane(0, image)
      return network.encoder.forward(state, dropout: .none, on: workers)
    }
    let base = scores(image)
    let largest = base[0] >= base[1] ? 0 : 1
    let saliency = FeatureMap<Double>(height: Self.size, width: Self.size, channels: 1)
    network.computeSaliency(
      state, scores: base, scratch: GradientScratch(size: Self.size, decoder: false), into: saliency,
      on: workers)
    let values = saliency.plane()
    let top = values.max() ?? 0
    // The corners, the edges, and every 13th pixel.
    for pixel in [0, 31, 15, 992, 1023] + Array(stride(from: 0, to: 1024, by: 13)) {
      var (up, down) = (image, image)
      up[pixel] += 1e-6
      down[pixel] -= 1e-6
      let slope = abs(scores(up)[largest] - scores(down)[largest]) / 2e-6
      #expect(abs(slope - values[pixel]) < 1e-6 * top, "pixel \(pixel): \(slope), \(values[pixel])")
    }
    #expect(top > 1e-3)
  }

  /// The prediction's saliency is that of the model, too.
  @Test func predictorGivesTheSameSaliency() {
    let model = Model(
      metadata: ModelMetadata(name: "test", version: "0", inputSize: Self.size),
      parameters: Goldens.formulaWeights())
    let image = PlainObjective.image(3)
    let prediction = Predictor(model, threads: 1).predict(image.map { Float($0) })
    let network = MultiMixNetwork<Double>(Goldens.formulaWeights())
    let workers = Workers(count: 1)
    network.refresh(on: workers)
    let state = SegmentationState<Double>(size: Self.size, dropout: false)
    let logits = state.forward(
      network, image, .none, GradientScratch(size: Self.size, decoder: false), workers)
    #expect(relativeError(prediction.maskLogits, logits) < 1e-4)
    #expect(relativeError(prediction.saliency, state.saliency.plane()) < 1e-2)
  }
}

/// A direction in the space of the parameters, and the gradient along it.
private struct Probe {
  let name: String
  let direction: [(index: Int, by: Double)]
  let analytic: Double

  static func of(_ entry: ParameterLayout.Entry, _ gradient: Parameters<Double>) -> [Probe] {
    let values = gradient.values(entry.name)
    var generator = Lowbias(state: UInt32(entry.range.lowerBound))
    let one = [(Int.random(in: values.indices, using: &generator), 1.0)]
    let all = values.indices.map { ($0, Double.random(in: -1...1, using: &generator)) }
    let length = all.reduce(0) { $0 + $1.1 * $1.1 }.squareRoot()
    return [("element", one), ("direction", all.map { ($0.0, $0.1 / length) })].map { kind, direction in
      Probe(
        name: "\(entry.name), \(kind)", direction: direction.map { (entry.range.lowerBound + $0.0, $0.1) },
        analytic: direction.reduce(0) { $0 + values[$1.0] * $1.1 })
    }
  }

  /// The central difference of `value` along the direction; leaves `weights` as they were.
  func slope(_ weights: Parameters<Double>, _ value: (Parameters<Double>) -> Double) -> Double {
    let step = 1e-6
    let places = direction.map { MemorySlice(weights.memory, $0.index..<$0.index + 1) }
    let base = places.map { $0[0] }
    func move(_ t: Double) {
      for i in places.indices { places[i][0] = base[i] + t * direction[i].by }
    }
    move(step)
    let up = value(weights)
    move(-step)
    let down = value(weights)
    move(0)
    return (up - down) / (2 * step)
  }

  struct Lowbias: RandomNumberGenerator {
    var state: UInt32
    mutating func next() -> UInt64 {
      state &+= 1
      return UInt64(Goldens.lowbias32(state)) << 32 | UInt64(Goldens.lowbias32(~state))
    }
  }
}

private final class Results: @unchecked Sendable {
  // Invariant: guarded by `lock`.
  private var values: [Double]
  private let lock = NSLock()
  init(count: Int) { values = Array(repeating: .nan, count: count) }
  func set(_ i: Int, _ value: Double) { lock.withLock { values[i] = value } }
  func get(_ i: Int) -> Double { lock.withLock { values[i] } }
}
