import Foundation
import MultiMix
import NeuralNetworks
import Synchronization
import Tensors
import TestSupport
import Testing

@Suite struct PredictorTests {
  private let size = 32

  private func model(_ change: (inout ModelMetadata) -> Void = { _ in }) -> Model {
    var metadata = ModelMetadata(name: "test", version: "0", inputSize: size)
    change(&metadata)
    return Model(metadata: metadata, parameters: Goldens.formulaWeights())
  }

  private func image(_ n: Int) -> [Float] { PlainObjective.image(n).map { Float($0) } }

  private func mirrored(_ plane: [Float]) -> [Float] {
    (0..<size * size).map { plane[$0 / size * size + size - 1 - $0 % size] }
  }

  /// The answers of the image and of its mirror image, averaged; so the mirror image gets the mirror answer.
  @Test func flipAveragesBothReadings() {
    let plain = Predictor(model(), threads: 1)
    let flipping = Predictor(model { $0.testTimeFlip = true }, threads: 1)
    #expect(!plain.flips && flipping.flips)
    let (one, other) = (plain.predict(image(3)), plain.predict(mirrored(image(3))))
    let both = flipping.predict(image(3))
    #expect(one.classLogits != other.classLogits && one.maskLogits != mirrored(other.maskLogits))
    #expect(both.classLogits == zip(one.classLogits, other.classLogits).map { ($0 + $1) / 2 })
    #expect(both.maskLogits == zip(one.maskLogits, mirrored(other.maskLogits)).map { ($0 + $1) / 2 })
    #expect(both.saliency == zip(one.saliency, mirrored(other.saliency)).map { ($0 + $1) / 2 })
    let margin = Double(both.classLogits[1] - both.classLogits[0])
    #expect(abs(both.pneumoniaProbability - 1 / (1 + exp(-margin))) < 1e-6)
    let turned = flipping.predict(mirrored(image(3)))
    #expect(turned.classLogits == both.classLogits)
    #expect(turned.maskLogits == mirrored(both.maskLogits))
  }

  /// The model file says whether to flip; what it can't mean is refused.
  @Test(arguments: [("true", true), ("false", false), (nil, false)] as [(String?, Bool)])
  func fileSaysWhetherToFlip(text: String?, flips: Bool) throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    var file = try Safetensors(model { $0.testTimeFlip = true }.encoded(.float32))
    #expect(file.metadata["test_time_flip"] == "true")
    file.metadata["test_time_flip"] = text
    try file.encoded().write(to: url)
    #expect(try Predictor(modelAt: url, threads: 1).flips == flips)
    file.metadata["test_time_flip"] = "perhaps"
    try file.encoded().write(to: url)
    #expect(throws: ModelError.self) { try Model(readingFrom: url) }
  }

  /// Predictors of one prepared model answer as one by itself does, also side by side.
  @Test func aTeamSharesItsModel() {
    let alone = Predictor(model(), threads: 1).predict(image(3))
    let team = Predictor.team(of: 3, model())
    let answers = concurrentMap(0..<3, threads: 3) { team[$0].predict(image(3)) }
    for answer in answers {
      #expect(answer.maskLogits == alone.maskLogits && answer.classLogits == alone.classLogits)
      #expect(answer.saliency == alone.saliency)
    }
  }

  /// With nothing beside it an image gets all threads, and the same answer.
  @Test func anImageAloneIsReadAlike() {
    let predictor = Predictor(PreparedModel(model(), threads: 3), threads: 1, alone: 3)
    let expected = predictor.predict(image(3))
    for _ in 0..<2 {
      let answer = predictor.predict(image(3), isAlone: true) { $0 == .whole ? image(3) : image(5) }
      #expect(answer.maskLogits == expected.maskLogits && answer.classLogits == expected.classLogits)
      #expect(answer.saliency == expected.saliency)
    }
  }

  /// One predictor, many threads: each gets the answer to its own image.
  @Test func concurrentCallsDoNotMix() {
    let predictor = Predictor(model(), threads: 1)
    let expected = (0..<4).map { predictor.predict(image($0)).maskLogits }
    let wrong = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 64) { i in
      if predictor.predict(image(i % 4)).maskLogits != expected[i % 4] { wrong.withLock { $0 += 1 } }
    }
    #expect(wrong.withLock { $0 } == 0)
    #expect(Set(expected).count == 4)
  }
}
