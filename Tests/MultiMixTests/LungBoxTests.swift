import Foundation
import MultiMix
import NeuralNetworks
import TestSupport
import Testing

@Suite struct LungBoxTests {
  private func square(_ side: Int, rows: Range<Int>, columns: Range<Int>) -> [Bool] {
    (0..<side * side).map { rows.contains($0 / side) && columns.contains($0 % side) }
  }

  @Test func liesAroundTheLungsWithAMargin() throws {
    let box = try #require(
      LungBox(around: square(100, rows: 20..<70, columns: 30..<80), side: 100, margin: 0.1))
    #expect(
      [box.top, box.bottom, box.left, box.right].map { ($0 * 1000).rounded() } == [150, 750, 250, 850])
    let pixels = box.pixels(ofSide: 200)
    #expect(pixels.row == 30 && pixels.column == 50 && pixels.rows == 120 && pixels.columns == 120)
  }

  @Test func endsAtThePicturesBorders() throws {
    let box = try #require(
      LungBox(around: square(64, rows: 0..<64, columns: 2..<63), side: 64, margin: 0.06))
    #expect(box == .whole)
    #expect(LungBox(around: square(64, rows: 0..<0, columns: 0..<0), side: 64, margin: 0.06) == nil)
  }

  /// One pixel at any corner is a box of pixels on squares of other sides, too.
  @Test(arguments: [0, 31, 32 * 31, 32 * 32 - 1]) func isNeverWithoutPixels(corner: Int) throws {
    let isLung = (0..<32 * 32).map { $0 == corner }
    let box = try #require(LungBox(around: isLung, side: 32, margin: 0))
    for side in [8, 32, 64, 100] {
      let pixels = box.pixels(ofSide: side)
      #expect(pixels.rows >= 1 && pixels.columns >= 1 && pixels.row >= 0 && pixels.column >= 0)
      #expect(pixels.row + pixels.rows <= side && pixels.column + pixels.columns <= side)
    }
  }

  /// A plane on the box is the same plane on the picture, but for what is held at its edges; outside is nothing.
  @Test func aMapIsBroughtBackToItsPlace() throws {
    let side = 40
    let box = LungBox(top: 0.25, bottom: 0.75, left: 0.1, right: 0.6)
    let map = (0..<side * side).map { Float($0 / side) + 100 * Float($0 % side) }
    let placed = box.placed(map, side: side)
    for row in 0..<side {
      for column in 0..<side {
        let value = placed[row * side + column]
        guard (10..<30).contains(row) && (4..<24).contains(column) else {
          #expect(value == 0)
          continue
        }
        #expect(abs(value - (2 * Float(row - 10) + 0.5 + 100 * (2 * Float(column - 4) + 0.5))) < 1e-3)
      }
    }
    #expect(LungBox.whole.placed(map, side: side) == map)
  }
}

/// A model whose classifier reads the lungs alone.
@Suite struct CloseLookTests {
  private let size = 32

  private func model(_ view: FindingsView, flips: Bool = false) -> Model {
    var metadata = ModelMetadata(name: "test", version: "0", inputSize: size)
    (metadata.view, metadata.testTimeFlip) = (view, flips)
    return Model(metadata: metadata, parameters: Goldens.formulaWeights())
  }

  private func image(_ n: Int) -> [Float] { PlainObjective.image(n).map { Float($0) } }

  /// Masks are those of the whole picture, scores and saliency those of the part.
  @Test(arguments: [false, true]) func masksOfTheWholeFindingsOfThePart(flips: Bool) throws {
    let whole = Predictor(model(.whole, flips: flips), threads: 1)
    let close = Predictor(model(.lungs, flips: flips), threads: 1)
    var asked: [LungBox] = []
    let answer = close.predict(image(3)) { box in
      asked.append(box)
      return image(5)
    }
    let (picture, part) = (whole.predict(image(3)), whole.predict(image(5)))
    #expect(answer.maskLogits == picture.maskLogits)
    #expect(answer.classLogits == part.classLogits && answer.classLogits != picture.classLogits)
    let look = try #require(answer.closeLook)
    #expect(look.saliency == part.saliency && look.input == image(5))
    #expect(asked == [close.lungBox(in: image(3)) ?? .whole] && look.box == asked[0])
    #expect(answer.saliency == look.box.placed(part.saliency, side: size))
    #expect(picture.closeLook == nil)
  }

  /// The scores of both readings are averaged as the model says, nothing else.
  @Test func theWholePictureMayKeepASay() {
    var metadata = model(.lungs).metadata
    metadata.lungsWeight = 0.25
    let both = Predictor(Model(metadata: metadata, parameters: model(.lungs).parameters), threads: 1)
    let answer = both.predict(image(3)) { _ in image(5) }
    let whole = Predictor(model(.whole), threads: 1)
    let (picture, part) = (whole.predict(image(3)), whole.predict(image(5)))
    for (score, (close, far)) in zip(answer.classLogits, zip(part.classLogits, picture.classLogits)) {
      #expect(abs(score - (0.25 * close + 0.75 * far)) < 1e-5)
    }
    #expect(answer.maskLogits == picture.maskLogits && answer.closeLook?.saliency == part.saliency)
  }

  /// Who reads the whole picture asks for no part.
  @Test func theWholeNeedsNoPart() {
    let predictor = Predictor(model(.whole), threads: 1)
    let answer = predictor.predict(image(2)) { _ in
      Issue.record("asked for a part")
      return image(2)
    }
    #expect(answer.classLogits == predictor.predict(image(2)).classLogits)
  }

  @Test func tensorsSayWhatWasReadAndWhere() throws {
    let answer = Predictor(model(.lungs), threads: 1).predict(image(3)) { _ in image(5) }
    let file = try Safetensors(answer.encoded(input: image(3)))
    #expect(file.arrays["input"]?.values == image(3))
    #expect(file.arrays["lungs_input"]?.values == image(5))
    #expect(file.arrays["lungs_saliency"]?.shape == [1, 1, 32, 32])
    let box = try #require(answer.closeLook?.box)
    #expect(file.arrays["lungs_box"]?.values == [box.top, box.bottom, box.left, box.right].map { Float($0) })
    let plain = try Safetensors(
      Predictor(model(.whole), threads: 1).predict(image(3)).encoded(input: image(3)))
    #expect(Set(plain.arrays.keys) == ["input", "class_logits", "mask_logits", "saliency"])
  }

  /// The model file says what the classifier reads; what it can't mean is refused.
  @Test func fileSaysWhatTheClassifierReads() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    var model = model(.lungs)
    model.metadata.lungsMargin = 0.125
    var file = try Safetensors(model.encoded(.float32))
    #expect(file.metadata["input_geometry"] == "lungs")
    try file.encoded().write(to: url)
    let read = try Model(readingFrom: url).metadata
    #expect(read.view == .lungs && read.lungsMargin == 0.125)
    let plain = try Safetensors(self.model(.whole).encoded(.float32)).metadata
    #expect(plain["input_geometry"] == nil && plain["lungs_margin"] == nil)
    for (key, value) in [
      ("input_geometry", "heart"), ("lungs_margin", "2"), ("lungs_weight", "-1"), ("system", "enc"),
    ] {
      var changed = file
      changed.metadata[key] = value
      try changed.encoded().write(to: url)
      #expect(throws: ModelError.self) { try Model(readingFrom: url) }
    }
    file.metadata["input_geometry"] = nil
    try file.encoded().write(to: url)
    #expect(try Model(readingFrom: url).metadata.view == .whole)
  }

  /// A reader of its own answers for the lungs; masks, and the file's other weights, are the network's.
  @Test func aReaderOfItsOwnReadsTheLungs() throws {
    let network = model(.lungs)
    let other = ParameterValues<Float>(network.parameters.layout, network.parameters.all.map { -$0 })
    let architecture = network.metadata.architecture
    let model = Model(
      metadata: network.metadata, parameters: network.parameters,
      reader: Model.reader(of: other, architecture))
    #expect(model.classifier.values("encoder.fc.weight") == other.values("encoder.fc.weight"))
    #expect(
      model.classifier.values("decoder.conv_last.weight")
        == network.parameters.values("decoder.conv_last.weight"))
    let answer = Predictor(model, threads: 1).predict(image(3)) { _ in image(5) }
    var plain = network.metadata
    plain.view = .whole
    let read = Predictor(Model(metadata: plain, parameters: model.classifier), threads: 1).predict(image(5))
    let drawn = Predictor(Model(metadata: plain, parameters: network.parameters), threads: 1).predict(
      image(3))
    #expect(answer.classLogits == read.classLogits && answer.classLogits != drawn.classLogits)
    #expect(answer.closeLook?.saliency == read.saliency)
    #expect(answer.maskLogits == drawn.maskLogits)

    let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: url) }
    try model.encoded(.float32).write(to: url)
    let loaded = try Model(readingFrom: url)
    #expect(loaded.reader == model.reader && loaded.parameters == model.parameters)
    var file = try Safetensors(Data(contentsOf: url))
    #expect(file.arrays["lungs.encoder.fc.bias"]?.shape == [2])
    file.arrays["lungs.encoder.fc.bias"] = nil
    try file.encoded().write(to: url)
    #expect(throws: ModelError.self) { try Model(readingFrom: url) }
    var whole = try Safetensors(model.encoded(.float32))
    whole.metadata["input_geometry"] = "whole"
    try whole.encoded().write(to: url)
    #expect(throws: ModelError.self) { try Model(readingFrom: url) }
  }
}
