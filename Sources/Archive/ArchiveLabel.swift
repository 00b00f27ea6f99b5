/// What a label says about a radiograph. The raw value is the word in labels.csv; class 0 is normal.
public enum Finding: String, Sendable, Codable, CaseIterable {
  case normal, pneumonia

  /// The class index of the network's output: 0 normal, 1 pneumonia.
  public var classIndex: Int {
    switch self {
    case .normal: 0
    case .pneumonia: 1
    }
  }
}

/// What an image may be used for. The raw value is the word in labels.csv.
public enum Split: String, Sendable, Codable, CaseIterable {
  case train, val, test
}

/// One row of labels.csv.
public struct ArchiveLabel: Hashable, Sendable {
  public let sopInstanceUID: String
  /// As in the file; nil when the column or the field is empty.
  public let patientID: String?
  public let finding: Finding?
  public let split: Split?
  /// The line in the file at which the row begins, 1 being the header.
  public let line: Int
}
