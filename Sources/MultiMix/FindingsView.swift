/// What the classifier reads of a radiograph. Masks always come from the whole picture.
public enum FindingsView: String, Sendable, Codable, CaseIterable {
  /// The picture that the masks come from, as in the paper.
  case whole
  /// The lungs that the decoder found, with a margin, at the network's full input size: see ``LungBox``. What lies
  /// around them, shoulders, markers, arms, the film's border, no longer decides.
  case lungs

  /// Of the lungs' height and width, on each side.
  public static let defaultMargin = 0.06
}
