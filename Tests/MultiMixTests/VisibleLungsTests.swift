import Foundation
import MultiMix
import NeuralNetworks
import TestSupport
import Testing

/// A model that draws the lungs twice: with what heart and diaphragm hide, and as they are seen.
@Suite struct VisibleLungsTests {
  private let size = 32
  private let weight = "decoder.conv_last_visible.weight"

  private func image(_ n: Int) -> [Float] { PlainObjective.image(n).map { Float($0) } }

  /// - Parameters:
  ///   - factor: the second layer's weights in those of the first; its bias is that of the first and `shift`.
  private func model(factor: Float, shift: Float, flips: Bool = false) -> Model {
    var metadata = ModelMetadata(name: "test", version: "0", inputSize: size)
    metadata.testTimeFlip = flips
    let parameters = ParameterValues<Float>(Goldens.formulaWeights())
    let values =
      parameters.values("decoder.conv_last.weight").map { factor * $0 }
      + parameters.values("decoder.conv_last.bias").map { factor * $0 + shift }
    return Model(
      metadata: metadata, parameters: parameters,
      visibleLungs: ParameterValues(metadata.architecture.visibleLayout, values))
  }

  /// A layer of -2 times the first's weights and 3 more gives 3 - 2 logits; the first answer stays as it is.
  @Test(arguments: [false, true]) func bothAnswersComeFromTheSameFeatures(flips: Bool) throws {
    let model = model(factor: -2, shift: 3, flips: flips)
    let plain = Predictor(Model(metadata: model.metadata, parameters: model.parameters), threads: 1)
    let (one, both) = (plain.predict(image(3)), Predictor(model, threads: 1).predict(image(3)))
    #expect(one.visibleLungs == nil)
    #expect(both.maskLogits == one.maskLogits && both.classLogits == one.classLogits)
    let visible = try #require(both.visibleLungs)
    #expect(largestDifference(visible.logits, one.maskLogits.map { 3 - 2 * $0 }) < 1e-4)
    #expect(Set(one.maskLogits).count > 100)
    let isLung = visible.logits.map { $0 >= 0 }
    let agreement = zip(isLung, visible.probability).count { $0 == ($1 >= 0.5) }
    #expect(agreement > isLung.count / 2)
  }

  @Test func theFileCarriesIt() throws {
    let model = model(factor: 0.5, shift: 1)
    let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    try model.encoded(.float32).write(to: url)
    let read = try Model(readingFrom: url)
    #expect(read.visibleLungs?.all == model.visibleLungs?.all)
    #expect(read.encoded(.float32) == model.encoded(.float32))
    let tensors = try Safetensors(
      Predictor(read, threads: 1).predict(image(1)).encoded(input: image(1)))
    #expect(tensors.arrays["visible_mask_logits"]?.shape == [1, 1, size, size])
  }

  /// Half of the layer, or one of another shape, is no layer.
  @Test func aPartOfItIsRefused() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    var file = try Safetensors(model(factor: 1, shift: 0).encoded(.float32))
    let whole = file.arrays
    file.arrays["decoder.conv_last_visible.bias"] = nil
    try file.encoded().write(to: url)
    #expect(throws: ModelError.self) { try Model(readingFrom: url) }
    file.arrays = whole
    file.arrays[weight] = .init(shape: [1, 8, 1, 1], values: [Float](repeating: 0, count: 8))
    try file.encoded().write(to: url)
    #expect(throws: ModelError.self) { try Model(readingFrom: url) }
  }
}
