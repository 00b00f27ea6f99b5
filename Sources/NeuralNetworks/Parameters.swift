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

/// What the parameters of a network are at one moment: a value, which nothing changes.
public struct ParameterValues<Element: Scalar>: Sendable, Equatable {
  public let layout: ParameterLayout
  /// All of them, in the layout's order.
  public let all: [Element]

  /// - Parameter all: as many as the layout has.
  public init(_ layout: ParameterLayout, _ all: [Element]) {
    precondition(all.count == layout.count)
    self.layout = layout
    self.all = all
  }

  /// As `parameters` are now.
  public init(_ parameters: Parameters<Element>) {
    self.init(parameters.layout, parameters.memory.values)
  }

  /// Those of the parameter of that name, which must be in the layout.
  public func values(_ name: String) -> [Element] {
    guard let entry = layout.entry(name) else { preconditionFailure("no parameter \(name)") }
    return Array(all[entry.range])
  }
}

/// Memory for every parameter of a network, to compute with: weights, their gradient, or an optimiser's moment.
public final class Parameters<Element: Scalar>: Sendable {
  public let layout: ParameterLayout
  public let memory: Memory<Element>

  public init(_ layout: ParameterLayout) {
    self.layout = layout
    memory = Memory(count: layout.count)
  }

  /// Memory of its own that begins with `values`.
  public convenience init(_ values: ParameterValues<Element>) {
    self.init(values.layout)
    memory.values = values.all
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
  /// Adds `other`, element by element, and leaves zeros in it.
  public func takeUp(_ other: Parameters) {
    precondition(layout.count == other.layout.count)
    let all = 0..<layout.count
    memory.withElements(all) { sum in
      other.memory.withElements(all) { Self.move(&$0, to: &sum) }
    }
  }

  @specialized(where Element == Float)
  private static func move(_ own: inout MutableSpan<Element>, to sum: inout MutableSpan<Element>) {
    // Known before the loop, so that it is vectorised.
    precondition(own.count == sum.count)
    for i in sum.indices {
      sum[i] += own[i]
      own[i] = 0
    }
  }

  /// PyTorch's default initialisation: uniform within 1/sqrt(fan-in), for weights and biases alike.
  package func initialize(using generator: inout SplitMix64) {
    var bound = Double.nan
    for entry in layout.entries {
      if entry.shape.count > 1 { bound = 1 / Double(entry.shape.dropFirst().reduce(1, *)).squareRoot() }
      for i in entry.range {
        MemorySlice(memory, i..<i + 1)[0] = Element(generator.real(in: -bound...bound))
      }
    }
  }
}
