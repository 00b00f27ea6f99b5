import DICOM

extension GrayscaleStages {
  /// A display transform in the standard's terms: to the same brightness, but for the rounding of tables.
  init(_ display: DisplayTransform, isInverse: Bool) {
    let voi = display.voi
    switch display.modality {
    case .identity: self.init(modality: .none, voi: VOI(voi), isInverse: isInverse)
    case .rescale(let slope, let intercept):
      self.init(
        modality: .rescale(slope: slope, intercept: intercept), voi: VOI(voi), isInverse: isInverse)
    case .lookup(let table):
      // Both stages in one table of the stored values.
      let entries = table.entries.map { UInt16((65_535 * voi(Double($0))).rounded()) }
      self.init(
        modality: .none, voi: .lookup(.init(firstMapped: table.firstMapped, entries: entries)),
        isInverse: isInverse)
    }
  }
}

extension GrayscaleStages.VOI {
  /// LINEAR, whose edges lie half a value inside, can say all that LINEAR_EXACT and a range say; and viewers know it.
  fileprivate init(_ transform: VOITransform) {
    switch transform {
    case .linear(let center, let width): self = .linear(center: center, width: width)
    case .linearExact(let center, let width): self = .linear(center: center + 0.5, width: width + 1)
    case .sigmoid(let center, let width): self = .sigmoid(center: center, width: width)
    case .fullRange(let low, let high):
      self = .linear(center: (low + high) / 2 + 0.5, width: max(0, high - low) + 1)
    case .lookup(let table):
      let scale = 65_535 / table.outputMaximum
      self = .lookup(
        .init(
          firstMapped: table.firstMapped,
          entries: table.entries.map { UInt16(min(65_535, (Double($0) * scale).rounded())) }))
    }
  }
}
