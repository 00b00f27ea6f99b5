/// Measurements as groups of a report's content tree.
struct MeasurementGroups {
  let measurements: Measurements
  /// Reference to the image.
  let source: DataSet
  /// The tracking UID of a group, by its label.
  let trackingUID: (String) -> UID

  var items: [ContentItem] {
    measurements.findings.map(item) + measurements.regions.compactMap(item)
  }

  private func item(_ finding: Measurements.Finding) -> ContentItem {
    let site = finding.site.map { [ContentItem(.contains, .findingSite, .code($0))] } ?? []
    let presence: CodedConcept =
      switch finding.presence {
      case .present: .present
      case .absent: .absent
      case .undetermined: .undetermined
      }
    return group(
      template: "1501", finding.concept, site: site,
      [
        ContentItem(.contains, .sourceOfMeasurement, .image(source, frame: nil)),
        ContentItem(.contains, .probability, .number(finding.probability, unit: .noUnits)),
        ContentItem(.contains, finding.concept, .code(presence)),
        ContentItem(.contains, .comment, .text("For \(ResultHeader.researchUseOnly)")),
      ])
  }

  /// Nil for a region of which nothing can be said: without segmentation and without area.
  private func item(_ region: Measurements.Region) -> ContentItem? {
    let area = region.area.map { [ContentItem(.contains, .area, .number($0, unit: .squareMillimetre))] } ?? []
    guard let segmentation = measurements.segmentation else {
      guard !area.isEmpty else { return nil }
      let origin = ContentItem(.contains, .sourceOfMeasurement, .image(source, frame: nil))
      return group(template: "1501", region.concept, [origin] + area)
    }
    return group(
      template: "1410", region.concept,
      [
        ContentItem(
          .contains, .referencedSegmentationFrame, .image(segmentation.item, frame: region.frame)),
        ContentItem(.contains, .sourceImageForSegmentation, .image(source, frame: nil)),
      ] + area)
  }

  private func group(
    template: String, _ finding: CodedConcept, site: [ContentItem] = [], _ content: [ContentItem]
  ) -> ContentItem {
    let head = [
      ContentItem(.hasObservationContext, .trackingIdentifier, .text(finding.meaning)),
      ContentItem(.hasObservationContext, .trackingUniqueIdentifier, .uid(trackingUID(finding.meaning))),
      ContentItem(.contains, .finding, .code(finding)),
    ]
    let algorithm = [
      ContentItem(.hasConceptModifier, .algorithmName, .text(measurements.algorithmName)),
      ContentItem(.hasConceptModifier, .algorithmVersion, .text(measurements.algorithmVersion)),
    ]
    return ContentItem(
      .contains, .measurementGroup, .container(template: template),
      children: head + site + algorithm + content)
  }
}
