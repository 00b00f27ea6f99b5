// Absence, emptiness and a value of another kind all read as nil or as an empty array: what a value must be is
// for the caller to say.
extension DataSet {
  /// The first value of a text element, padding removed; nil when absent or empty.
  public func string(_ tag: Tag) -> String? {
    guard let first = self[tag]?.texts.first, !first.isEmpty else { return nil }
    return first
  }

  /// All values of a text element, padding removed, empty ones in between kept.
  public func strings(_ tag: Tag) -> [String] {
    let values = self[tag]?.texts ?? []
    return values.allSatisfy(\.isEmpty) ? [] : values
  }

  /// All of a text element as it came, its values joined by the separator again; nil when absent or empty. What
  /// identifies is taken by this where it may have no second value: the first of two may be another patient's or study's.
  public func whole(_ tag: Tag) -> String? {
    let values = strings(tag)
    return values.isEmpty ? nil : values.joined(separator: "\\")
  }

  /// The first value of a binary integer, IS or OW element.
  public func integer(_ tag: Tag) -> Int? { self[tag]?.integers.first }

  /// All values of a binary integer, IS or OW (16-bit words, unsigned) element.
  public func integers(_ tag: Tag) -> [Int] { self[tag]?.integers ?? [] }

  /// The first value of a DS, IS, FL, FD or integer element.
  public func decimal(_ tag: Tag) -> Double? { self[tag]?.decimals.first }

  /// All values of a DS, IS, FL, FD or integer element.
  public func decimals(_ tag: Tag) -> [Double] { self[tag]?.decimals ?? [] }

  /// The bytes of an OB, OW ... or UN element; words little-endian.
  public func bytes(_ tag: Tag) -> [UInt8]? {
    guard case .bytes(let bytes)? = self[tag]?.value else { return nil }
    return bytes
  }

  /// The first value as a UID; nil when absent, empty or malformed.
  public func uid(_ tag: Tag) -> UID? { string(tag).flatMap { UID($0) } }

  /// The items of a sequence; empty when absent or empty.
  public func items(_ tag: Tag) -> [DataSet] {
    guard case .items(let items)? = self[tag]?.value else { return [] }
    return items
  }
}
