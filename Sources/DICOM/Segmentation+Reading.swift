internal import FoundationEssentials

extension Segmentation {
  /// Reads a segmentation of radiographs: binary, fractional (thresholded at half of the maximum) or label map. Frames
  /// of one segment are united.
  public init(reading file: DICOMFile) throws(SegmentationReadError) {
    let dataSet = file.dataSet
    let path = file.url.path
    guard dataSet.uid(.sopClassUID) == .segmentationStorage else { throw .notASegmentation(path: path) }
    func malformed(_ detail: String) -> SegmentationReadError { .malformed(path: path, detail: detail) }
    guard let instance = dataSet.uid(.sopInstanceUID), let series = dataSet.uid(.seriesInstanceUID) else {
      throw malformed("no SOP or Series Instance UID")
    }
    guard let rows = dataSet.integer(.rows), let columns = dataSet.integer(.columns) else {
      throw malformed("no rows or columns")
    }
    let items = dataSet.items(.segmentSequence)
    guard !items.isEmpty else { throw malformed("no segment") }

    var masks: [Int: [UInt8]] = [:]
    for frame in 0..<file.numberOfFrames {
      let pixels: Frame
      do { pixels = try file.frame(frame) } catch { throw .pixels(error) }
      if dataSet.code(.segmentationType) == "LABELMAP" {
        for item in items {
          guard let number = item.integer(.segmentNumber) else { continue }
          Self.unite(&masks[number], with: pixels) { Int($0) == number }
        }
      } else {
        guard let number = Self.segmentNumber(of: frame, in: dataSet) else {
          throw malformed("frame \(frame) doesn't say to which segment it belongs")
        }
        let threshold = Self.threshold(of: dataSet)
        Self.unite(&masks[number], with: pixels) { $0 >= threshold }
      }
    }
    var segments: [Segment] = []
    for item in items {
      guard let number = item.integer(.segmentNumber) else { throw malformed("segment without number") }
      segments.append(
        Self.segment(item, mask: masks[number] ?? [UInt8](repeating: 0, count: rows * columns)))
    }
    self.init(
      dataSet: dataSet, sopInstanceUID: instance, seriesInstanceUID: series, rows: rows, columns: columns,
      segments: segments, referencedSOPInstanceUIDs: Self.references(of: dataSet))
  }

  /// SOP Instance UIDs of the images that a segmentation's data set refers to: those that its frames are derived
  /// from, or, where the frames say nothing, those it lists as source or by series. Needs no pixels.
  public static func references(of dataSet: DataSet) -> [UID] {
    let groups =
      dataSet.items(.perFrameFunctionalGroupsSequence) + dataSet.items(.sharedFunctionalGroupsSequence)
    let sources = groups.flatMap { $0.items(.derivationImageSequence) }.flatMap {
      $0.items(.sourceImageSequence)
    }
    let series = dataSet.items(.referencedSeriesSequence).flatMap { $0.items(.referencedInstanceSequence) }
    for candidates in [sources, dataSet.items(.sourceImageSequence), series] {
      var seen: Set<UID> = []
      let uids = candidates.compactMap { $0.uid(.referencedSOPInstanceUID) }.filter {
        seen.insert($0).inserted
      }
      if !uids.isEmpty { return uids }
    }
    return []
  }

  private static func segmentNumber(of frame: Int, in dataSet: DataSet) -> Int? {
    let perFrame = dataSet.items(.perFrameFunctionalGroupsSequence)
    let groups =
      (perFrame.indices.contains(frame) ? [perFrame[frame]] : [])
      + dataSet.items(.sharedFunctionalGroupsSequence)
    return groups.flatMap { $0.items(.segmentIdentificationSequence) }.lazy
      .compactMap { $0.integer(.referencedSegmentNumber) }.first
  }

  /// Smallest stored value that counts as inside.
  private static func threshold(of dataSet: DataSet) -> Int32 {
    guard dataSet.code(.segmentationType) == "FRACTIONAL" else { return 1 }
    let maximum = dataSet.integer(.maximumFractionalValue) ?? 255
    return Int32(clamping: max(1, maximum / 2 + maximum % 2))
  }

  private static func unite(_ mask: inout [UInt8]?, with frame: Frame, where isInside: (Int32) -> Bool) {
    guard let united = mask else {
      mask = frame.pixels.map { isInside($0) ? 1 : 0 }
      return
    }
    mask = zip(united, frame.pixels).map { $0 | (isInside($1) ? 1 : 0) }
  }

  private static func segment(_ item: DataSet, mask: [UInt8]) -> Segment {
    func code(_ tag: Tag) -> CodedConcept {
      item.items(tag).first.flatMap { CodedConcept($0) } ?? CodedConcept("", "", "")
    }
    let modifiers = item.items(.segmentedPropertyTypeCodeSequence)
      .flatMap { $0.items(.segmentedPropertyTypeModifierCodeSequence) }.compactMap { CodedConcept($0) }
    let algorithm = item.string(.segmentAlgorithmType).flatMap { Segment.Algorithm(rawValue: $0) }
    return Segment(
      label: item.string(.segmentLabel) ?? "", category: code(.segmentedPropertyCategoryCodeSequence),
      type: code(.segmentedPropertyTypeCodeSequence), modifiers: modifiers,
      algorithm: algorithm ?? .automatic, mask: mask)
  }
}

/// Why a file could not be read as a segmentation.
public enum SegmentationReadError: Error, Sendable, CustomStringConvertible {
  /// Another SOP class.
  case notASegmentation(path: String)
  case malformed(path: String, detail: String)
  case pixels(DICOMPixelError)

  /// Short coded reason for reports.
  public var code: String {
    switch self {
    case .notASegmentation: "not_a_segmentation"
    case .malformed: "malformed_segmentation"
    case .pixels(let error): error.code
    }
  }

  /// A later attempt may succeed.
  public var isRetryable: Bool {
    guard case .pixels(let error) = self else { return false }
    return error.isRetryable
  }

  public var description: String {
    switch self {
    case .notASegmentation(let path): "\(path): not a segmentation"
    case .malformed(let path, let detail): "\(path): segmentation: \(detail)"
    case .pixels(let error): error.description
    }
  }
}
