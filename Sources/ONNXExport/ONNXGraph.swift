/// A computation in ONNX's terms: nodes that make values out of values, in an order in which each is made before
/// it is used.
/// Source: https://onnx.ai/onnx/repo-docs/IR.html; operators: https://onnx.ai/onnx/operators/
package struct ONNXGraph: Sendable {
  /// A tensor of the graph, which is known by its name.
  package struct Value: Sendable, Hashable {
    package let name: String

    /// Stands for an optional input that is left out.
    package static let none = Value(name: "")
  }

  package enum Attribute: Sendable, Equatable {
    case float(Float)
    case integer(Int)
    case integers([Int])
    case text(String)
  }

  /// An operator at work. Every operator that is used here has one output.
  package struct Node: Sendable {
    package let operation: String
    package let inputs: [Value]
    package let output: Value
    package let attributes: [(name: String, value: Attribute)]
  }

  /// A tensor whose values lie in the file, row-major.
  package struct Constant: Sendable, Equatable {
    package enum Elements: Sendable, Equatable {
      case float32([Float])
      case int64([Int])

      package var count: Int {
        switch self {
        case .float32(let values): values.count
        case .int64(let values): values.count
        }
      }
    }
    package let shape: [Int]
    package let elements: Elements
  }

  package enum Dimension: Sendable, Equatable {
    /// As many images as the caller brings.
    case batch
    case fixed(Int)
  }

  /// A float32 tensor that the caller brings or takes.
  package struct Port: Sendable, Equatable {
    package let value: Value
    package let shape: [Dimension]
  }

  package let name: String
  package private(set) var nodes: [Node] = []
  package private(set) var inputs: [Port] = []
  package private(set) var outputs: [Port] = []
  /// In the order in which they were first used.
  package private(set) var constants: [(value: Value, constant: Constant)] = []
  private var constantsByName: [String: Constant] = [:]

  package init(name: String) { self.name = name }

  package mutating func addInput(_ name: String, _ shape: [Dimension]) -> Value {
    let value = Value(name: name)
    inputs.append(Port(value: value, shape: shape))
    return value
  }

  /// Brings a value out under a name of its own.
  package mutating func addOutput(_ value: Value, as name: String, _ shape: [Dimension]) {
    outputs.append(Port(value: apply("Identity", value, as: name), shape: shape))
  }

  /// A constant of that name. Asked for again it is the same one, and must have the same values.
  package mutating func constant(_ name: String, _ shape: [Int], _ elements: Constant.Elements) -> Value {
    precondition(shape.reduce(1, *) == elements.count)
    let value = Value(name: name)
    let constant = Constant(shape: shape, elements: elements)
    if let known = constantsByName[name] {
      precondition(known == constant, "two constants named \(name)")
    } else {
      constantsByName[name] = constant
      constants.append((value, constant))
    }
    return value
  }

  /// A constant without dimensions, named by its value.
  package mutating func scalar(_ value: Float) -> Value { constant("float \(value)", [], .float32([value])) }

  /// A constant without dimensions, named by its value.
  package mutating func scalar(_ value: Int) -> Value { constant("integer \(value)", [], .int64([value])) }

  /// A constant with one dimension, named by its values.
  package mutating func list(_ values: [Int]) -> Value {
    constant("integers \(values.map(String.init).joined(separator: " "))", [values.count], .int64(values))
  }

  /// Adds a node and returns its output.
  /// - Parameter output: the output's name; by default the operator's, numbered.
  package mutating func apply(
    _ operation: String, _ inputs: Value..., attributes: KeyValuePairs<String, Attribute> = [:],
    as output: String? = nil
  ) -> Value {
    let value = Value(name: output ?? "\(operation) \(nodes.count + 1)")
    nodes.append(
      Node(
        operation: operation, inputs: inputs, output: value,
        attributes: attributes.map { (name: $0.key, value: $0.value) }))
    return value
  }
}
