import DICOM

extension VOITransform {
  /// Why a VOI stage that is present can't be applied.
  struct Unusable: Error, Equatable { let why: String }

  /// What a data set states, in the order in which it is to be tried; empty where it states nothing.
  ///
  /// Several windows or LUTs are alternative views, the first being the default one. Where an image has both, the
  /// LUT is the curve that the manufacturer tuned, and the window a stand-in for viewers that know no LUT.
  /// - Parameter inputs: range of the modality values.
  static func stated(
    in dataSet: DataSet, inputs: ClosedRange<Double>, signedInput: Bool
  ) -> [Result<VOITransform, Unusable>] {
    let tables: [Result<VOITransform, Unusable>] = dataSet.items(.voiLUTSequence).map { item in
      guard let table = LookupTable(item: item, inputs: inputs, signedInput: signedInput) else {
        return .failure(Unusable(why: "malformed VOI LUT"))
      }
      return table.isFlat ? .failure(Unusable(why: "flat VOI LUT")) : .success(.lookup(table))
    }
    return tables + windows(in: dataSet)
  }

  /// Window Center and Window Width are pairs (C.11.2.1.2). Where there are more of one than of the other nobody
  /// can say which belong together, unless only one of each makes sense.
  private static func windows(in dataSet: DataSet) -> [Result<VOITransform, Unusable>] {
    let centers = dataSet.numbers(.windowCenter)
    let widths = dataSet.numbers(.windowWidth)
    let isStated = [Tag.windowCenter, .windowWidth].allSatisfy { dataSet[$0].map { !$0.isEmpty } ?? false }
    guard isStated else { return [] }
    let shape = dataSet.code(.voiLUTFunction)
    if centers.count == widths.count {
      return zip(centers, widths).map { window(center: $0, width: $1, shape: shape) }
    }
    let mismatch = Unusable(why: "\(centers.count) Window Centers and \(widths.count) Window Widths")
    let usable = centers.flatMap { center in
      widths.compactMap { try? window(center: center, width: $0, shape: shape).get() }
    }
    return [.failure(mismatch)] + (usable.count == 1 ? [.success(usable[0])] : [])
  }

  private static func window(
    center: Double?, width: Double?, shape: CodeString?
  ) -> Result<VOITransform, Unusable> {
    guard let center, let width else { return .failure(Unusable(why: "Window Center or Width is no number")) }
    guard width > 0 else { return .failure(Unusable(why: "Window Width \(width)")) }
    switch shape {
    case "SIGMOID": return .success(.sigmoid(center: center, width: width))
    case "LINEAR_EXACT": return .success(.linearExact(center: center, width: width))
    default:
      // LINEAR is defined for a width of at least 1; writers that state less mean a fraction.
      return .success(
        width >= 1 ? .linear(center: center, width: width) : .linearExact(center: center, width: width))
    }
  }
}
