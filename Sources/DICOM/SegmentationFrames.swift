/// The multi-frame functional groups and dimensions of a segmentation (PS3.3 sections C.7.6.16 and C.7.6.17): frame i
/// holds segment i and is derived from the one source image.
enum SegmentationFrames {
  static func set(count: Int, source: DataSet, dimensions: UID, in result: inout DataSet) {
    var organization = DataSet()
    organization.set(.dimensionOrganizationUID, dimensions)
    result.set(.dimensionOrganizationSequence, items: [organization])
    var index = DataSet()
    index.set(.dimensionOrganizationUID, dimensions)
    index[.dimensionIndexPointer] = pointer(.dimensionIndexPointer, to: .referencedSegmentNumber)
    index[.functionalGroupPointer] = pointer(.functionalGroupPointer, to: .segmentIdentificationSequence)
    index.set(.dimensionDescriptionLabel, "Referenced Segment Number")
    result.set(.dimensionIndexSequence, items: [index])

    // Nothing is shared: plane and pixel measures need a frame of reference, which a projection doesn't have.
    result.set(.sharedFunctionalGroupsSequence, items: [DataSet()])
    result.set(
      .perFrameFunctionalGroupsSequence, items: (1...count).map { group(segment: $0, source: source) })
  }

  private static func pointer(_ tag: Tag, to target: Tag) -> DataElement {
    DataElement(tag, .AT, .integers([Int(target.number)]))
  }

  private static func group(segment: Int, source: DataSet) -> DataSet {
    var content = DataSet()
    content.set(.dimensionIndexValues, [segment])
    var identification = DataSet()
    identification.set(.referencedSegmentNumber, segment)
    var origin = source
    origin.set(.spatialLocationsPreserved, "YES")
    var derivation = DataSet()
    derivation.set(.derivationCodeSequence, items: [CodedConcept.segmentation.item])
    derivation.set(.sourceImageSequence, items: [origin])

    var group = DataSet()
    group.set(.frameContentSequence, items: [content])
    group.set(.segmentIdentificationSequence, items: [identification])
    group.set(.derivationImageSequence, items: [derivation])
    return group
  }
}
