public import Tensors

/// The images of one step. Every image is [size, size], row by row. Streams may be empty, and differ in
/// length except where one pairs them: unlabelled segmentation images with labelled ones, weak with strong.
public struct Batch<Element: Scalar>: Sendable {
  public var size: Int
  public var segmentation: [(image: [Element], mask: [Element])] = []
  public var segmentationUnlabelled: [[Element]] = []
  /// Of each unlabelled segmentation image, the same pixels seen otherwise; only for the weak-to-strong term.
  public var segmentationStrong: [[Element]] = []
  public var classification: [(image: [Element], label: Int)] = []
  /// Two views of the same unlabelled image each.
  public var unlabelled: [(weak: [Element], strong: [Element])] = []

  public init(size: Int) { self.size = size }
}

/// Images of one step, by stream.
public struct BatchSizes: Sendable, Equatable, Codable {
  public var segmentation = 10
  public var segmentationUnlabelled = 10
  public var classification = 10
  public var unlabelled = 10
  public init() {}
}

/// A piece of work for a lane: an image, or two that share a term.
package enum BatchItem: Sendable {
  case segmentation(labelled: Int?, unlabelled: Int?)
  case classification(Int)
  case unlabelled(Int)
}

extension Batch {
  /// All of its work, the longest first.
  package var items: [BatchItem] {
    let labelled = segmentation.count
    let unlabelled = segmentationUnlabelled.count
    return (0..<max(labelled, unlabelled)).map {
      .segmentation(labelled: $0 < labelled ? $0 : nil, unlabelled: $0 < unlabelled ? $0 : nil)
    } + self.unlabelled.indices.map { .unlabelled($0) } + classification.indices.map { .classification($0) }
  }

  // The numbers of the images, whose passes have dropout masks of their own: through the streams in this order.
  func numberOfLabelled(_ i: Int) -> Int { i }
  func numberOfUnlabelled(_ i: Int) -> Int { segmentation.count + i }
  func numberOfClassified(_ i: Int) -> Int { numberOfUnlabelled(segmentationUnlabelled.count) + i }
  func numberOfWeak(_ i: Int) -> Int { numberOfClassified(classification.count) + i }
  func numberOfStrong(_ i: Int) -> Int { numberOfWeak(unlabelled.count) + i }
}
