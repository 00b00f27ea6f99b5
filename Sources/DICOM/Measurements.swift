/// What a report says of a radiograph.
public struct Measurements: Sendable, Equatable {
  /// What is or isn't there, with its probability: a group of measurements on the whole image (PS3.16 TID 1501).
  public struct Finding: Sendable, Equatable {
    public let concept: CodedConcept
    public let site: CodedConcept?
    /// 0...1.
    public let probability: Double
    public let presence: Presence

    /// Whether it is there; the last where that is left open.
    public enum Presence: Sendable { case present, absent, undetermined }

    public init(_ concept: CodedConcept, site: CodedConcept?, probability: Double, presence: Presence) {
      self.concept = concept
      self.site = site
      self.probability = probability
      self.presence = presence
    }
  }

  /// A part of the image that was measured: a group on a planar region (TID 1410) where a segmentation holds it.
  public struct Region: Sendable, Equatable {
    public let concept: CodedConcept
    /// Frame of the segmentation, counted from 1.
    public let frame: Int
    /// In mm²; nil unless the spacing is calibrated.
    public let area: Double?

    public init(_ concept: CodedConcept, frame: Int, area: Double?) {
      self.concept = concept
      self.frame = frame
      self.area = area
    }
  }

  public let findings: [Finding]
  public let regions: [Region]
  /// Where the regions are; nil where they weren't written.
  public let segmentation: ResultReference?
  /// Of the algorithm that found all this.
  public let algorithmName, algorithmVersion: String

  public init(
    findings: [Finding], regions: [Region], segmentation: ResultReference?, algorithmName: String,
    algorithmVersion: String
  ) {
    self.findings = findings
    self.regions = regions
    self.segmentation = segmentation
    self.algorithmName = algorithmName
    self.algorithmVersion = algorithmVersion
  }
}
