/// The messages of an ONNX file. Field numbers and enumerations are those of
/// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; fields are written in the order of their numbers.
///
/// Written by hand, because it is a dozen messages, a few fields of each; what a generator makes of the whole
/// schema is some ten thousand lines, and a dependency.
extension ONNXGraph {
  /// The release of the format (2021-07-30) and of its operators that the graph is written in: those of ONNX
  /// 1.12, old enough for any runtime in use.
  package static let formatVersion = 8
  package static let operatorSetVersion = 17

  /// ModelProto: the file's bytes.
  /// - Parameters:
  ///   - description: for people.
  ///   - metadata: for programs; written in the order of the keys.
  package func encoded(producer: String, description: String, metadata: [String: String]) -> [UInt8] {
    var model = ProtocolBuffer()
    model.add(1, Self.formatVersion)
    model.add(2, producer)
    model.add(6, description)
    model.add(7, message)
    var operatorSet = ProtocolBuffer()
    operatorSet.add(1, "")  // The standard operators.
    operatorSet.add(2, Self.operatorSetVersion)
    model.add(8, operatorSet)
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      var entry = ProtocolBuffer()
      entry.add(1, key)
      entry.add(2, value)
      model.add(14, entry)
    }
    return model.bytes
  }

  /// GraphProto.
  private var message: ProtocolBuffer {
    var graph = ProtocolBuffer()
    for node in nodes { graph.add(1, node.message) }
    graph.add(2, name)
    for (value, constant) in constants { graph.add(5, constant.message(named: value.name)) }
    for input in inputs { graph.add(11, input.message) }
    for output in outputs { graph.add(12, output.message) }
    return graph
  }
}

/// TensorProto.DataType.
private enum ElementType: Int {
  case float32 = 1
  case int64 = 7
}

extension ONNXGraph.Node {
  /// NodeProto.
  fileprivate var message: ProtocolBuffer {
    var node = ProtocolBuffer()
    for input in inputs { node.add(1, input.name) }
    node.add(2, output.name)
    node.add(3, output.name)
    node.add(4, operation)
    for (name, value) in attributes { node.add(5, value.message(named: name)) }
    return node
  }
}

extension ONNXGraph.Attribute {
  /// AttributeProto; its last field says which of the others is meant.
  fileprivate func message(named name: String) -> ProtocolBuffer {
    var attribute = ProtocolBuffer()
    attribute.add(1, name)
    switch self {
    case .float(let value):
      attribute.add(2, value)
      attribute.add(20, 1)
    case .integer(let value):
      attribute.add(3, value)
      attribute.add(20, 2)
    case .text(let value):
      attribute.add(4, value)
      attribute.add(20, 3)
    case .integers(let values):
      for value in values { attribute.add(8, value) }
      attribute.add(20, 7)
    }
    return attribute
  }
}

extension ONNXGraph.Constant {
  /// TensorProto, with its values as raw little-endian bytes.
  fileprivate func message(named name: String) -> ProtocolBuffer {
    var tensor = ProtocolBuffer()
    for length in shape { tensor.add(1, length) }
    tensor.add(2, type.rawValue)
    tensor.add(8, name)
    tensor.add(9, rawBytes)
    return tensor
  }

  private var type: ElementType {
    switch elements {
    case .float32: .float32
    case .int64: .int64
    }
  }

  private var rawBytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 * elements.count)
    switch elements {
    case .float32(let values): for value in values { bytes.append(littleEndian: value.bitPattern) }
    case .int64(let values): for value in values { bytes.append(littleEndian: Int64(value)) }
    }
    return bytes
  }
}

extension ONNXGraph.Port {
  /// ValueInfoProto: name, and the TypeProto of a tensor of float32.
  fileprivate var message: ProtocolBuffer {
    var tensorShape = ProtocolBuffer()
    for length in shape {
      var dimension = ProtocolBuffer()
      switch length {
      case .fixed(let length): dimension.add(1, length)
      case .batch: dimension.add(2, "N")
      }
      tensorShape.add(1, dimension)
    }
    var tensor = ProtocolBuffer()
    tensor.add(1, ElementType.float32.rawValue)
    tensor.add(2, tensorShape)
    var type = ProtocolBuffer()
    type.add(1, tensor)
    var port = ProtocolBuffer()
    port.add(1, value.name)
    port.add(2, type)
    return port
  }
}
