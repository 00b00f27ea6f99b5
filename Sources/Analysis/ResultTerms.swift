package import FoundationEssentials

/// What is settled about one image's results beside the image and the model.
package struct ResultTerms: Sendable, Hashable, Codable {
  package var options: ResultOptions
  /// The date of result objects; nil: the present. A file that is read again with the same date gives the same bytes.
  package var createdAt: Date?
  /// Of the image among those of its study: result objects of a study share a series for each kind.
  package var number: Int
  /// Earlier results that these take the place of, the latest first.
  package var replaced: [ReplacedResult]

  package init(
    options: ResultOptions = ResultOptions(), createdAt: Date? = nil, number: Int = 1,
    replaced: [ReplacedResult] = []
  ) {
    self.options = options
    self.createdAt = createdAt
    self.number = number
    self.replaced = replaced
  }
}
