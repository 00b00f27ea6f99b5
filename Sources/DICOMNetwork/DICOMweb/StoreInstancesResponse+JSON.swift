import FoundationEssentials

extension StoreInstancesResponse {
  /// In the DICOM JSON Model (PS3.18 F.2): an object, or an array of them.
  package init?(json: [UInt8]) {
    let decoder = JSONDecoder()
    let data = Data(json)
    var objects: [DICOMJSONObject]
    if let one = try? decoder.decode(DICOMJSONObject.self, from: data) {
      objects = [one]
    } else if let several = try? decoder.decode([DICOMJSONObject].self, from: data) {
      objects = several
    } else {
      return nil
    }
    self.init()
    for object in objects {
      for item in object.items(StoreInstancesTag.referencedSOPSequence) {
        addStored(
          item.text(StoreInstancesTag.referencedSOPInstanceUID),
          warning: item.number(StoreInstancesTag.warningReason))
      }
      for item in object.items(StoreInstancesTag.failedSOPSequence) {
        addFailed(
          item.text(StoreInstancesTag.referencedSOPInstanceUID),
          reason: item.number(StoreInstancesTag.failureReason))
      }
    }
  }
}

/// A data set in the DICOM JSON Model, as far as it is asked for.
private struct DICOMJSONObject: Decodable {
  private struct Element: Decodable {
    let values: [Value]

    enum CodingKeys: String, CodingKey { case values = "Value" }

    init(from decoder: any Swift.Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      values = try container.decodeIfPresent([Value].self, forKey: .values) ?? []
    }
  }

  private enum Value: Decodable {
    case number(Double)
    case text(String)
    case object(DICOMJSONObject)
    case other

    init(from decoder: any Swift.Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        self = .text(text)
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let object = try? container.decode(DICOMJSONObject.self) {
        self = .object(object)
      } else {
        self = .other
      }
    }
  }

  private let elements: [String: Element]

  init(from decoder: any Swift.Decoder) throws {
    elements = try decoder.singleValueContainer().decode([String: Element].self)
  }

  func items(_ tag: String) -> [DICOMJSONObject] {
    (elements[tag]?.values ?? []).compactMap { if case .object(let item) = $0 { item } else { nil } }
  }

  func text(_ tag: String) -> String {
    guard case .text(let text)? = elements[tag]?.values.first else { return "" }
    return text
  }

  /// Some servers write numbers as text.
  func number(_ tag: String) -> UInt16? {
    switch elements[tag]?.values.first {
    case .number(let number): UInt16(exactly: number)
    case .text(let text): UInt16(text)
    case .object, .other, nil: nil
    }
  }
}
