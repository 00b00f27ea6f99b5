import Archive
import Foundation

/// An archive without labels is read as one in which everything is unlabelled, which is seldom what is meant.
enum MissingLabels {
  /// - Parameter labels: the labels file that was named, if any.
  static func warning(_ labels: URL?, root: URL) -> String? {
    guard labels == nil, ArchiveIndex.ownLabels(in: root) == nil else { return nil }
    return
      "warning: \(root.path) has no labels.csv, so every image counts as unlabelled: name the file with --labels"
  }
}
