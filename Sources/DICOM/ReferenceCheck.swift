/// Whether the UIDs of an object and what it refers to fit together.
enum ReferenceCheck {
  static func problem(in dataSet: DataSet) -> InvalidObject? {
    let own = [Tag.sopInstanceUID, .seriesInstanceUID, .studyInstanceUID].compactMap { dataSet.uid($0) }
    guard own.count == 3, Set(own).count == 3 else {
      return InvalidObject(.sopInstanceUID, "instance, series and study need UIDs of their own")
    }
    let index = indexed(in: dataSet)
    if let problem = problem(in: dataSet, own: own[0], index: index) { return problem }
    if let study = dataSet.items(.currentRequestedProcedureEvidenceSequence).first?.uid(.studyInstanceUID),
      study != own[2]
    {
      return InvalidObject(.studyInstanceUID, "the evidence is of another study")
    }
    return segments(of: dataSet)
  }

  /// The instances that the object lists by series; nil where its class has no such list.
  private static func indexed(in dataSet: DataSet) -> Set<UID>? {
    let series =
      dataSet.items(.referencedSeriesSequence)
      + [.currentRequestedProcedureEvidenceSequence, .studiesContainingOtherReferencedInstancesSequence]
      .flatMap { dataSet.items($0) }.flatMap { $0.items(.referencedSeriesSequence) }
    guard !series.isEmpty else { return nil }
    let lists: [Tag] = [.referencedInstanceSequence, .referencedImageSequence, .referencedSOPSequence]
    return Set(
      series.flatMap { item in lists.flatMap { item.items($0) } }.compactMap {
        $0.uid(.referencedSOPInstanceUID)
      })
  }

  /// Every reference names class and instance, none the object itself, and all are in the list.
  private static func problem(in dataSet: DataSet, own: UID, index: Set<UID>?) -> InvalidObject? {
    if dataSet.contains(.referencedSOPClassUID) != dataSet.contains(.referencedSOPInstanceUID) {
      return InvalidObject(.referencedSOPInstanceUID, "a reference without class or instance")
    }
    if let uid = dataSet.uid(.referencedSOPInstanceUID) {
      if uid == own { return InvalidObject(.referencedSOPInstanceUID, "refers to itself") }
      if dataSet.contains(.referencedFrameNumber), dataSet.contains(.referencedSegmentNumber) {
        return InvalidObject(.referencedFrameNumber, "a reference to a frame and to a segment")
      }
    }
    for element in dataSet.elements {
      guard case .items(let items) = element.value else { continue }
      // Studies that a study refers to aren't images, and what a report amends isn't what it rests on.
      let isListed = ![.referencedStudySequence, .predecessorDocumentsSequence].contains(element.tag)
      for item in items {
        if isListed, let uid = item.uid(.referencedSOPInstanceUID), let index, !index.contains(uid) {
          return InvalidObject(element.tag, "refers to what its list doesn't name")
        }
        if let problem = problem(in: item, own: own, index: isListed ? index : nil) { return problem }
      }
    }
    return nil
  }

  /// Frames belong to segments that are there, one dimension index each.
  private static func segments(of dataSet: DataSet) -> InvalidObject? {
    let frames = dataSet.items(.perFrameFunctionalGroupsSequence)
    guard !frames.isEmpty else { return nil }
    guard frames.count == dataSet.integer(.numberOfFrames) else {
      return InvalidObject(.perFrameFunctionalGroupsSequence, "not one item for each frame")
    }
    let numbers = dataSet.items(.segmentSequence).map { $0.integer(.segmentNumber) ?? 0 }
    guard numbers == Array(1...max(1, numbers.count)) else {
      return InvalidObject(.segmentNumber, "segments are numbered from 1")
    }
    let named = frames.flatMap { $0.items(.segmentIdentificationSequence) }
    guard named.allSatisfy({ numbers.contains($0.integer(.referencedSegmentNumber) ?? 0) }) else {
      return InvalidObject(.referencedSegmentNumber, "no such segment")
    }
    return nil
  }
}
