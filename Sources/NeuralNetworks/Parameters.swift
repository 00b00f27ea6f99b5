public import Tensors

/// Names and shapes of a network's parameters, in the order of PyTorch's `state_dict`.
public struct ParameterLayout: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    public let name: String
    public let shape: [Int]
    /// Where the parameter lies among all, row-major.
    public let range: Range<Int>
  }
  public private(set) var entries: [Entry] = []
  public private(set) var count = 0
  private var places: [String: Int] = [:]

  public init() {}

  public mutating func add(_ name: String, _ shape: [Int]) {
    let size = shape.reduce(1, *)
    places[name] = entries.count
    entries.append(Entry(name: name, shape: shape, range: count..<count + size))
    count += size
  }

  public func entry(_ name: String) -> Entry? { places[name].map { entries[$0] } }
}

/// A value for every parameter of a network: weights, their gradient, or an optimiser's moment.
public final class Parameters<Element: Scalar>: Sendable {
  public let layout: ParameterLayout
  public let memory: Memory<Element>

  public init(_ layout: ParameterLayout) {
    self.layout = layout
    memory = Memory(count: layout.count)
  }

  /// The parameter of that name, which must be in the layout.
  public subscript(name: String) -> MemorySlice<Element> {
    guard let entry = layout.entry(name) else { preconditionFailure("no parameter \(name)") }
    return MemorySlice(memory, entry.range)
  }

  /// Whether no value is infinite or not a number.
  public var isFinite: Bool { memory.withElements(0..<layout.count) { Self.isFinite($0) } }

  @specialized(where Element == Float)
  private static func isFinite(_ values: borrowing MutableSpan<Element>) -> Bool {
    // Zero times anything finite is zero. Counted, because a sum of integers can be taken in any order: the loop
    // is vectorised.
    var strange: Int32 = 0
    for i in values.indices { strange &+= 0 * values[i] == 0 ? 0 : 1 }
    return strange == 0
  }

  public func values(_ name: String) -> [Element] {
    let slice = self[name]
    return (0..<slice.count).map { slice[$0] }
  }
}

extension Parameters {
  /// PyTorch's default initialisation: uniform within 1/sqrt(fan-in), for weights and biases alike.
  public func initialize(using generator: inout some RandomNumberGenerator) {
    var bound = Double.nan
    for entry in layout.entries {
      if entry.shape.count > 1 { bound = 1 / Double(entry.shape.dropFirst().reduce(1, *)).squareRoot() }
      for i in entry.range {
        MemorySlice(memory, i..<i + 1)[0] = Element(Double.random(in: -bound...bound, using: &generator))
      }
    }
  }
}
