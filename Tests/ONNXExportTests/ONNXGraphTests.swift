import Foundation
import MultiMix
import NeuralNetworks
import ONNXExport
import Tensors
import TestSupport
import Testing

/// What can be said of an exported graph without running it.
@Suite struct ONNXGraphTests {
  private static let model = Model(
    metadata: ModelMetadata(name: "golden", version: "0", inputSize: 64), parameters: Goldens.formulaWeights()
  )
  private let graph = Self.model.onnxGraph

  @Test func everyValueIsMadeOnceAndBeforeItIsUsed() {
    var known: Set<ONNXGraph.Value> = [.none]
    for value in graph.inputs.map(\.value) + graph.constants.map(\.value) {
      #expect(known.insert(value).inserted, "\(value.name)")
    }
    for node in graph.nodes {
      let unknown = node.inputs.filter { !known.contains($0) }.map(\.name)
      #expect(unknown.isEmpty, "of \(node.output.name)")
      #expect(known.insert(node.output).inserted, "\(node.output.name)")
    }
    let unknown = graph.outputs.map(\.value).filter { !known.contains($0) }.map(\.name)
    #expect(unknown.isEmpty)
  }

  @Test func nothingIsMadeInVain() {
    let used = Set(graph.nodes.flatMap(\.inputs) + graph.outputs.map(\.value))
    let made = graph.inputs.map(\.value) + graph.constants.map(\.value) + graph.nodes.map(\.output)
    let unused = made.filter { !used.contains($0) }.map(\.name)
    #expect(unused.isEmpty)
  }

  @Test func constantsFillTheirShapes() {
    for (value, constant) in graph.constants {
      #expect(constant.elements.count == constant.shape.reduce(1, *), "\(value.name)")
    }
  }

  /// Under the names of the `state_dict`; all but the biases in front of an instance norm, which does away with
  /// them.
  @Test func parametersAreThoseOfTheModel() throws {
    let constants = Dictionary(uniqueKeysWithValues: graph.constants.map { ($0.value.name, $0.constant) })
    for entry in Self.model.parameters.layout.entries {
      let constant = constants[entry.name]
      if entry.name.contains(".dconv_") && entry.name.hasSuffix(".bias") {
        #expect(constant == nil, "\(entry.name)")
      } else {
        #expect(constant?.shape == entry.shape, "\(entry.name)")
        #expect(
          constant?.elements == .float32(Self.model.parameters.values(entry.name)), "\(entry.name)")
      }
    }
  }

  @Test func ports() {
    let plane: [ONNXGraph.Dimension] = [.batch, .fixed(1), .fixed(64), .fixed(64)]
    #expect(graph.inputs.map(\.value.name) == ["input"] && graph.inputs.map(\.shape) == [plane])
    #expect(
      graph.outputs.map(\.value.name) == [
        "class_logits", "mask_logits", "saliency", "pneumonia_probability",
      ])
    #expect(graph.outputs.map(\.shape) == [[.batch, .fixed(2)], plane, plane, [.batch]])
  }

  @Test func equalModelsGiveEqualFiles() {
    #expect(Self.model.encodedONNX() == Self.model.encodedONNX())
  }
}
