internal import Glibc

// The value representation of what is set comes from DCMTK's dictionary; for elements it doesn't know, from the
// kind of value. Setting a value of a kind that the representation can't hold is a programming error and traps.
extension DataSet {
  /// Sets one text value, or a number given as text.
  public mutating func set(_ tag: Tag, _ value: String) { set(tag, [value]) }

  /// Sets text values; in the representations of one long value they are joined as they are.
  public mutating func set(_ tag: Tag, _ values: [String]) {
    let vr = VR.inDictionary(tag) ?? .LO
    switch vr.storage {
    case .text: self[tag] = DataElement(tag, vr, .text(values.joined(separator: "\\")))
    case .integers:
      self[tag] = DataElement(tag, vr, .integers(values.map { number($0, tag) }))
    case .decimals:
      self[tag] = DataElement(tag, vr, .decimals(values.map { number($0, tag) }))
    case .bytes where vr == .UN:
      self[tag] = DataElement(tag, .LO, .text(values.joined(separator: "\\")))
    case .bytes, .items: preconditionFailure("\(tag): \(vr.rawValue) can't hold text")
    }
  }

  /// Sets one integer, binary or as text (IS, DS).
  public mutating func set(_ tag: Tag, _ value: Int) { set(tag, [value]) }

  /// Sets integers, binary or as text (IS, DS).
  public mutating func set(_ tag: Tag, _ values: [Int]) {
    let vr = VR.inDictionary(tag) ?? .SL
    switch vr.storage {
    case .integers: self[tag] = DataElement(tag, vr, .integers(values))
    case .decimals: self[tag] = DataElement(tag, vr, .decimals(values.map(Double.init)))
    case .text: self[tag] = DataElement(tag, vr, .text(values.map(String.init).joined(separator: "\\")))
    case .bytes where vr == .OW:
      let words = values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
      self[tag] = DataElement(tag, vr, .bytes(words))
    case .bytes, .items: preconditionFailure("\(tag): \(vr.rawValue) can't hold integers")
    }
  }

  /// Sets one number; as decimal string (DS) rounded to the 16 characters that PS3.5 section 6.2 allows.
  public mutating func set(_ tag: Tag, _ value: Double) { set(tag, [value]) }

  /// Sets numbers; as decimal strings (DS) rounded to the 16 characters that PS3.5 section 6.2 allows.
  public mutating func set(_ tag: Tag, _ values: [Double]) {
    let vr = VR.inDictionary(tag) ?? .FD
    switch vr.storage {
    case .decimals: self[tag] = DataElement(tag, vr, .decimals(values))
    case .text:
      self[tag] = DataElement(tag, vr, .text(values.map { $0.decimalString }.joined(separator: "\\")))
    default: preconditionFailure("\(tag): \(vr.rawValue) can't hold decimals")
    }
  }

  /// Sets a UID.
  public mutating func set(_ tag: Tag, _ uid: UID) { set(tag, [uid.string]) }

  /// Sets the bytes of an OB, OW ... or UN element; words little-endian.
  public mutating func set(_ tag: Tag, bytes: [UInt8]) {
    let vr = VR.inDictionary(tag) ?? .OB
    self[tag] = DataElement(tag, vr.storage == .bytes ? vr : .OW, .bytes(bytes))
  }

  /// Sets a sequence.
  public mutating func set(_ tag: Tag, items: [DataSet]) { self[tag] = DataElement(tag, .SQ, .items(items)) }

  /// Sets an element without value: a type 2 attribute that is unknown.
  public mutating func setEmpty(_ tag: Tag) {
    let vr = VR.inDictionary(tag) ?? .LO
    let value: DataElement.Value =
      switch vr.storage {
      case .text: .text("")
      case .integers: .integers([])
      case .decimals: .decimals([])
      case .bytes: .bytes([])
      case .items: .items([])
      }
    self[tag] = DataElement(tag, vr, value)
  }

  private func number<Number: LosslessStringConvertible>(_ text: String, _ tag: Tag) -> Number {
    guard let number = Number(text) else { preconditionFailure("\(tag): text is no number") }
    return number
  }
}

extension Double {
  /// At most 16 characters, as many digits as fit (DS).
  var decimalString: String {
    precondition(isFinite, "a decimal string must be finite")
    if let integer = Int(exactly: self), abs(integer) < 1_000_000_000_000_000 { return String(integer) }
    let shortest = description
    if shortest.utf8.count <= 16 { return shortest }
    // The sign, the point and the exponent take up to seven characters; fewer digits always fit in the end.
    for digits in (1...17).reversed() {
      let text = unsafe withVaList([Int32(digits), self]) { arguments in
        unsafe String(unsafeUninitializedCapacity: 32) { buffer in
          unsafe buffer.withMemoryRebound(to: CChar.self) {
            unsafe Int(vsnprintf($0.baseAddress, 32, "%.*g", arguments))
          }
        }
      }
      if text.utf8.count <= 16 { return text }
    }
    return "0"
  }
}
