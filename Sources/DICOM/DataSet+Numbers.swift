extension DataSet {
  /// All values of a DS, IS, FL, FD or integer element in their places; nil where one is empty, no number or not
  /// finite. For attributes whose values belong together in pairs, so that one bad value doesn't cost the others.
  public func numbers(_ tag: Tag) -> [Double?] {
    guard let element = self[tag] else { return [] }
    guard case .text = element.value else { return element.decimals.map { $0.isFinite ? $0 : nil } }
    return element.texts.map { Double(decimalString: $0) }
  }
}

extension Double {
  /// A decimal string (DS, IS) as devices write it: a decimal comma is taken for the point that was meant.
  init?(decimalString text: String) {
    let isComma = text.count { $0 == "," } == 1 && !text.contains(".")
    guard let number = Double(isComma ? text.replacing(",", with: ".") : text), number.isFinite else {
      return nil
    }
    self = number
  }
}
