/// The command of a message (PS3.7 section 6.3 and annex E): implicit VR little endian, group 0000 alone. Pure.
///
/// dcmnet has a parser of its own, which takes commands of any length, and none in a context whose transfer syntax DCMTK
/// doesn't know (HTJ2K).
public struct DIMSECommand: Sendable, Equatable {
  /// Command Field (0000,0100).
  public enum Operation: UInt16, Sendable, CaseIterable {
    case storeRequest = 0x0001
    case storeResponse = 0x8001
    case echoRequest = 0x0030
    case echoResponse = 0x8030
    case eventReportRequest = 0x0100
    case eventReportResponse = 0x8100
    case actionRequest = 0x0130
    case actionResponse = 0x8130
    case cancelRequest = 0x0FFF
  }

  /// Elements of group 0000.
  package enum Element: UInt16 {
    case groupLength = 0x0000
    case affectedSOPClassUID = 0x0002
    case requestedSOPClassUID = 0x0003
    case commandField = 0x0100
    case messageID = 0x0110
    case messageIDBeingRespondedTo = 0x0120
    case priority = 0x0700
    case dataSetType = 0x0800
    case status = 0x0900
    case errorComment = 0x0902
    case affectedSOPInstanceUID = 0x1000
    case requestedSOPInstanceUID = 0x1001
    case eventTypeID = 0x1002
    case actionTypeID = 0x1008
  }

  /// No command of the standard comes near.
  package static let longest = 16 << 10
  /// Command Data Set Type where there is none (PS3.7 section E.1).
  private static let noDataSet: UInt16 = 0x0101

  /// Raw values by element number.
  private var values: [UInt16: [UInt8]] = [:]

  package init(_ field: UInt16, hasDataSet: Bool) {
    self[number: .commandField] = field
    self[number: .dataSetType] = hasDataSet ? 1 : Self.noDataSet
  }

  package init(_ operation: Operation, hasDataSet: Bool) {
    self.init(operation.rawValue, hasDataSet: hasDataSet)
  }

  /// Nil where the bytes are no command.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count <= Self.longest else { return nil }
    var position = 0
    while position < bytes.count {
      guard bytes.count - position >= 8 else { return nil }
      func number(_ at: Int) -> Int { Int(bytes[position + at]) | Int(bytes[position + at + 1]) << 8 }
      let length = number(4) | number(6) << 16
      guard number(0) == 0, length <= bytes.count - position - 8 else { return nil }
      let element = UInt16(number(2))
      guard values[element] == nil else { return nil }
      values[element] = Array(bytes[position + 8..<position + 8 + length])
      position += 8 + length
    }
    guard field != nil else { return nil }
  }

  /// As it is sent.
  package var bytes: [UInt8] {
    var elements: [UInt8] = []
    for (element, value) in values.sorted(by: { $0.key < $1.key })
    where element != Element.groupLength.rawValue {
      Self.append(element, value, to: &elements)
    }
    var whole: [UInt8] = []
    let count = UInt32(elements.count)
    Self.append(
      Element.groupLength.rawValue, (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }, to: &whole)
    return whole + elements
  }

  private static func append(_ element: UInt16, _ value: [UInt8], to bytes: inout [UInt8]) {
    bytes += [0, 0, UInt8(truncatingIfNeeded: element), UInt8(truncatingIfNeeded: element >> 8)]
    for index in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: value.count >> (8 * index))) }
    bytes += value
  }

  // MARK: Values

  /// US; nil where it is missing or of another length.
  package subscript(number element: Element) -> UInt16? {
    get {
      guard let value = values[element.rawValue], value.count == 2 else { return nil }
      return UInt16(value[0]) | UInt16(value[1]) << 8
    }
    set {
      values[element.rawValue] = newValue.map { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    }
  }

  /// UI and LO, without padding; nil where it is missing.
  package subscript(text element: Element) -> String? {
    get {
      values[element.rawValue].map { value in
        String(decoding: value, as: UTF8.self).trimmingSuffix { $0 == "\0" || $0 == " " }
      }
    }
    set {
      values[element.rawValue] = newValue.map { text in
        let bytes = Array(text.utf8)
        let padding: [UInt8] = element == .errorComment ? [UInt8(ascii: " ")] : [0]
        return bytes.count % 2 == 0 ? bytes : bytes + padding
      }
    }
  }

  /// Command Field, of whatever operation.
  public var field: UInt16? { self[number: .commandField] }
  public var operation: Operation? { field.flatMap(Operation.init(rawValue:)) }
  public var hasDataSet: Bool { self[number: .dataSetType] != Self.noDataSet }
  public var messageID: UInt16? { self[number: .messageID] }
  public var status: UInt16? { self[number: .status] }
  public var errorComment: String { PeerText.cleaned(self[text: .errorComment] ?? "") }

  // MARK: Messages

  package static func echo(_ messageID: UInt16, sopClass: String) -> DIMSECommand {
    var command = DIMSECommand(.echoRequest, hasDataSet: false)
    command[number: .messageID] = messageID
    command[text: .affectedSOPClassUID] = sopClass
    return command
  }

  package static func store(_ messageID: UInt16, sopClass: String, sopInstance: String) -> DIMSECommand {
    var command = DIMSECommand(.storeRequest, hasDataSet: true)
    command[number: .messageID] = messageID
    // Medium.
    command[number: .priority] = 0
    command[text: .affectedSOPClassUID] = sopClass
    command[text: .affectedSOPInstanceUID] = sopInstance
    return command
  }

  package static func action(
    _ messageID: UInt16, type: UInt16, sopClass: String, sopInstance: String
  ) -> DIMSECommand {
    var command = DIMSECommand(.actionRequest, hasDataSet: true)
    command[number: .messageID] = messageID
    command[number: .actionTypeID] = type
    command[text: .requestedSOPClassUID] = sopClass
    command[text: .requestedSOPInstanceUID] = sopInstance
    return command
  }

  /// The answer to this request (PS3.7 sections 9.3 and 10.3).
  package func response(_ status: UInt16, comment: String = "") -> DIMSECommand {
    var response = DIMSECommand((field ?? 0) | 0x8000, hasDataSet: false)
    response[number: .messageIDBeingRespondedTo] = messageID ?? 0
    response[number: .status] = status
    if !comment.isEmpty { response[text: .errorComment] = String(comment.prefix(64)) }
    response.values[Element.affectedSOPClassUID.rawValue] =
      values[Element.affectedSOPClassUID.rawValue] ?? values[Element.requestedSOPClassUID.rawValue]
    response.values[Element.affectedSOPInstanceUID.rawValue] =
      values[Element.affectedSOPInstanceUID.rawValue] ?? values[Element.requestedSOPInstanceUID.rawValue]
    for element in [Element.eventTypeID, .actionTypeID] {
      response.values[element.rawValue] = values[element.rawValue]
    }
    return response
  }

  /// Whether this answers `request`.
  package func answers(_ request: DIMSECommand) -> Bool {
    field == request.field.map { $0 | 0x8000 }
      && self[number: .messageIDBeingRespondedTo] == request.messageID
  }
}

extension String {
  fileprivate func trimmingSuffix(while condition: (Character) -> Bool) -> String {
    var text = self[...]
    while let last = text.last, condition(last) { text.removeLast() }
    return String(text)
  }
}
