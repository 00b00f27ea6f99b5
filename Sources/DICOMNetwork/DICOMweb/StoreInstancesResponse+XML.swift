import Foundation
import FoundationXML

extension StoreInstancesResponse {
  /// In the Native DICOM Model (PS3.19 A.1). Entities that lie elsewhere aren't fetched.
  package init?(xml: [UInt8]) {
    let reader = NativeModelReader()
    let parser = XMLParser(data: Data(xml))
    parser.shouldResolveExternalEntities = false
    parser.delegate = reader
    guard parser.parse(), reader.isNativeModel else { return nil }
    self.init()
    for item in reader.items {
      switch item.sequence {
      case StoreInstancesTag.referencedSOPSequence:
        addStored(
          item.values[StoreInstancesTag.referencedSOPInstanceUID] ?? "",
          warning: item.values[StoreInstancesTag.warningReason].flatMap { UInt16($0) })
      default:
        addFailed(
          item.values[StoreInstancesTag.referencedSOPInstanceUID] ?? "",
          reason: item.values[StoreInstancesTag.failureReason].flatMap { UInt16($0) })
      }
    }
  }
}

/// Takes the items of the two sequences out of a document.
private final class NativeModelReader: NSObject, XMLParserDelegate {
  struct Item {
    let sequence: String
    /// The first value of each element, by tag.
    var values: [String: String] = [:]
  }

  private(set) var items: [Item] = []
  private(set) var isNativeModel = false
  /// Tags of the elements that are open, outermost first.
  private var path: [String] = []
  private var text = ""

  private static let sequences = [
    StoreInstancesTag.referencedSOPSequence, StoreInstancesTag.failedSOPSequence,
  ]

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    switch name {
    case "NativeDicomModel": isNativeModel = true
    case "DicomAttribute": path.append(attributes["tag"] ?? "")
    case "Item":
      if path.count == 1, Self.sequences.contains(path[0]) { items.append(Item(sequence: path[0])) }
    case "Value": text = ""
    default: break
    }
  }

  func parser(_ parser: XMLParser, foundCharacters characters: String) { text += characters }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    switch name {
    case "DicomAttribute": _ = path.popLast()
    case "Value":
      guard path.count == 2, Self.sequences.contains(path[0]), let last = items.indices.last else { return }
      let value = text.trimmingCharacters(in: .whitespacesAndNewlines)
      if items[last].values[path[1]] == nil { items[last].values[path[1]] = value }
    default: break
    }
  }
}
