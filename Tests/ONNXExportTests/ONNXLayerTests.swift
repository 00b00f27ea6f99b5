import Foundation
import MultiMix
import NeuralNetworks
import ONNXExport
import Tensors
import TestSupport
import Testing

/// Each layer of the exported graph by itself, in ONNX Runtime, against the plain reference.
@Suite(.enabled(if: ONNXRuntime.python != nil, "MMDICOM_PYTHON names no Python with onnx and onnxruntime"))
struct ONNXLayerTests {
  private typealias Map = Reference.Map<Double>

  /// Values within -1 ... 1 that float32 holds exactly.
  private func random(_ side: Int, _ channels: Int, seed: UInt32) -> Map {
    Map(
      height: side, width: side, channels: channels,
      values: (0..<side * side * channels).map {
        Double(Float(Goldens.lowbias32(UInt32($0) &+ Goldens.lowbias32(seed)) >> 8) / Float(1 << 23)) - 1
      })
  }

  private func weights(_ count: Int) -> [Double] { random(1, count, seed: 99).values }

  /// [1, channels, side, side].
  private func tensor(_ map: Map) -> Safetensors.Array {
    let pixels = map.height * map.width
    return .init(
      shape: [1, map.channels, map.height, map.width],
      values: (0..<map.values.count).map { Float(map.values[$0 % pixels * map.channels + $0 / pixels]) })
  }

  /// What a graph that `build` writes makes of the maps.
  private func run(
    _ maps: [Map], _ build: (inout ONNXGraph, [ONNXGraph.Value]) -> ONNXGraph.Value, channels: Int, side: Int
  ) throws -> Map {
    var graph = ONNXGraph(name: "layer")
    let inputs = maps.enumerated().map { i, map in
      graph.addInput("input \(i)", [.batch, .fixed(map.channels), .fixed(map.height), .fixed(map.width)])
    }
    let value = build(&graph, inputs)
    graph.addOutput(value, as: "output", [.batch, .fixed(channels), .fixed(side), .fixed(side)])
    let outputs = try ONNXRuntime.run(
      graph, Dictionary(uniqueKeysWithValues: zip(inputs.map(\.name), maps.map { tensor($0) })))
    let output = try #require(outputs["output"])
    try #require(output.shape == [1, channels, side, side])
    return Map(
      height: side, width: side, channels: channels,
      values: (0..<output.values.count).map {
        Double(output.values[$0 % channels * side * side + $0 / channels])
      })
  }

  @Test func convolutionAndItsInputGradient() throws {
    let weights = weights(3 * 2 * 9)
    let shape = [3, 2, 3, 3]
    let x = random(6, 2, seed: 1)
    let dy = random(6, 3, seed: 2)
    let y = try run(
      [x],
      { graph, inputs in
        let weight = graph.constant("weight", shape, .float32(weights.map { Float($0) }))
        return graph.convolution(inputs[0], weight: weight)
      }, channels: 3, side: 6)
    let expected = Reference.convolution(x, weights: weights, bias: [0, 0, 0])
    #expect(largestDifference(y.values, expected.values) < 1e-5)
    let dx = try run(
      [dy],
      { graph, inputs in
        let weight = graph.constant("weight", shape, .float32(weights.map { Float($0) }))
        return graph.convolutionInputGradient(inputs[0], weight: weight)
      }, channels: 2, side: 6)
    let gradient = Reference.convolutionInputGradient(dy, weights: weights, inputs: 2)
    #expect(largestDifference(dx.values, gradient.values) < 1e-5)
  }

  /// Among them channels without variance, at zero and elsewhere: there the deviation is sqrt(1e-5), and no value
  /// lies above zero.
  @Test func normalizationAndItsGradient() throws {
    var y = random(8, 4, seed: 3)
    for pixel in 0..<64 {
      y[pixel / 8, pixel % 8, 1] = 0
      y[pixel / 8, pixel % 8, 2] = -0.5
    }
    let da = random(8, 4, seed: 4)
    let factors = [Double](repeating: 1, count: y.values.count)
    let a = try run(
      [y],
      { graph, inputs in
        let x = graph.instanceNorm(inputs[0]).x
        return graph.leakyReLU(x, slope: 0.2)
      }, channels: 4, side: 8)
    #expect(largestDifference(a.values, Reference.normalize(y, slope: 0.2, factors: factors).values) < 1e-5)
    let dy = try run(
      [y, da],
      { graph, inputs in
        let normalized = graph.instanceNorm(inputs[0])
        let dx = graph.leakyReLUGradient(inputs[1], of: normalized.x, slope: 0.2)
        return graph.instanceNormGradient(dx, normalized)
      }, channels: 4, side: 8)
    let expected = Reference.normalizeGradient(y, slope: 0.2, factors: factors, da)
    for channel in 0..<4 {
      let places = stride(from: channel, to: dy.values.count, by: 4)
      #expect(relativeError(places.map { dy.values[$0] }, places.map { expected.values[$0] }) < 1e-5)
    }
  }

  /// Of three different values nearly every square has ties.
  @Test func maxPoolGradientGoesToTheFirstOfEquals() throws {
    var x = random(16, 5, seed: 5)
    x.values = x.values.map { ($0 * 1.5).rounded() }
    let dy = random(8, 5, seed: 6)
    let (y, choice) = Reference.maxPool(x)
    #expect(Set(choice) == [0, 1, 2, 3])
    #expect(try run([x], { $0.maxPool($1[0]) }, channels: 5, side: 8) == y)
    let dx = try run(
      [dy, x], { $0.maxPoolGradient($1[0], of: $1[1], channels: 5, side: 8) }, channels: 5, side: 16)
    let nothing = Map(height: 16, width: 16, channels: 5)
    #expect(dx == Reference.maxPoolGradient(dy, choice: choice, skip: nothing))
  }

  @Test func bilinearInterpolationAlignsCorners() throws {
    for (side, factor) in [(4, Float(2)), (64, 0.125)] {
      let x = random(side, 2, seed: 7)
      let size = Int(Float(side) * factor)
      let y = try run([x], { $0.resize($1[0], by: factor) }, channels: 2, side: size)
      #expect(largestDifference(y.values, Reference.upsample(x, height: size, width: size).values) < 1e-5)
    }
  }
}
