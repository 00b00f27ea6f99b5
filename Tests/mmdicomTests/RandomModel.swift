import Foundation

/// A model file of the right shapes with random weights: enough to run the program, worthless otherwise.
enum RandomModel {
  /// Names and shapes of the published PyTorch module's `state_dict`.
  private static let shapes: [(String, [Int])] = {
    var shapes: [(String, [Int])] = []
    func block(_ name: String, _ input: Int, _ output: Int) {
      shapes += [
        ("\(name).0.weight", [output, input, 3, 3]), ("\(name).0.bias", [output]),
        ("\(name).3.weight", [output, output, 3, 3]), ("\(name).3.bias", [output]),
      ]
    }
    for (level, (input, output)) in [(1, 16), (16, 32), (32, 64), (64, 128), (128, 256)].enumerated() {
      block("encoder.dconv_down\(level + 1)", input, output)
    }
    shapes += [("encoder.fc.weight", [2, 256]), ("encoder.fc.bias", [2])]
    for (level, input, output) in [(4, 386, 128), (3, 192, 64), (2, 96, 32), (1, 48, 16)] {
      block("decoder.dconv_up\(level)", input, output)
    }
    return shapes + [("decoder.conv_last.weight", [1, 16, 1, 1]), ("decoder.conv_last.bias", [1])]
  }()

  /// Writes the model.
  /// - Parameters:
  ///   - remarks: what else it says of itself.
  ///   - drawsVisible: whether it has a second last layer of the decoder, behind the other weights.
  static func write(to url: URL, remarks: [String: String] = [:], drawsVisible: Bool = false) throws {
    let visible = [
      ("decoder.conv_last_visible.weight", [1, 16, 1, 1]), ("decoder.conv_last_visible.bias", [1]),
    ]
    let metadata = [
      "name": "random", "version": "0", "class_names": "normal,pneumonia", "input_size": "256",
    ].merging(remarks) { $1 }
    var header: [String: Any] = ["__metadata__": metadata]
    var data = Data()
    var state: UInt64 = 1
    for (name, shape) in shapes + (drawsVisible ? visible : []) {
      let fan = shape.dropFirst().reduce(1, *)
      let start = data.count
      for _ in 0..<shape.reduce(1, *) {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let uniform = Float(state >> 40) / Float(1 << 24) - 0.5
        let value = (uniform * 4 / Float(fan).squareRoot()).bitPattern.littleEndian
        data.append(contentsOf: (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
      }
      header[name] = ["dtype": "F32", "shape": shape, "data_offsets": [start, data.count]]
    }
    let json = try JSONSerialization.data(withJSONObject: header)
    var file = Data((0..<8).map { UInt8(truncatingIfNeeded: UInt64(json.count) >> (8 * $0)) })
    file.append(json)
    file.append(data)
    try file.write(to: url)
  }
}
