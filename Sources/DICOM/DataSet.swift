/// A data set or sequence item as a value (PS3.5 section 7.1): elements in ascending order of tag, sequences
/// nested, text in UTF-8 whatever the file's Specific Character Set. Pixel data is left out.
public struct DataSet: Sendable, Equatable {
  /// In ascending order of tag, no tag twice.
  public private(set) var elements: [DataElement]

  public init() { elements = [] }

  /// - Parameter elements: In any order; of several with one tag the last counts.
  public init(_ elements: some Sequence<DataElement>) {
    self.elements = []
    for element in elements { self[element.tag] = element }
  }

  public var isEmpty: Bool { elements.isEmpty }

  /// The element under `tag`; assigning nil removes it.
  public subscript(_ tag: Tag) -> DataElement? {
    get {
      let index = position(of: tag)
      return index < elements.count && elements[index].tag == tag ? elements[index] : nil
    }
    set {
      let index = position(of: tag)
      let exists = index < elements.count && elements[index].tag == tag
      guard let newValue else {
        if exists { elements.remove(at: index) }
        return
      }
      precondition(newValue.tag == tag, "element \(newValue.tag) assigned under \(tag)")
      if exists {
        elements[index] = newValue
      } else {
        elements.insert(newValue, at: index)
      }
    }
  }

  public func contains(_ tag: Tag) -> Bool { self[tag] != nil }

  public mutating func remove(_ tag: Tag) { self[tag] = nil }

  /// Index of the first element whose tag isn't less than `tag`.
  private func position(of tag: Tag) -> Int {
    // Parsers and builders append in order: look at the end first.
    guard let last = elements.last, last.tag >= tag else { return elements.count }
    var low = 0
    var high = elements.count
    while low < high {
      let middle = (low + high) / 2
      if elements[middle].tag < tag { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
