/// How stored values become brightness (PS3.4 section N.2), as a presentation state says it of the images that it
/// refers to, whatever they say themselves.
public struct GrayscaleStages: Sendable, Equatable {
  /// A lookup table of 16-bit entries (PS3.3 section C.11.2).
  public struct Table: Sendable, Equatable {
    /// Input value of the first entry, -32768...65535.
    public let firstMapped: Int
    /// 1 to 65536 of them.
    public let entries: [UInt16]

    public init(firstMapped: Int, entries: [UInt16]) {
      self.firstMapped = firstMapped
      self.entries = entries
    }
  }

  /// Stored values to the device's own. A Modality LUT is no case: the table of the next stage can hold both.
  public enum Modality: Sendable, Equatable {
    case none
    case rescale(slope: Double, intercept: Double)
  }

  /// The device's values to what is shown.
  public enum VOI: Sendable, Equatable {
    /// PS3.3 section C.11.2.1.2.1; the width is at least 1.
    case linear(center: Double, width: Double)
    /// Section C.11.2.1.3.1; the width is more than 0.
    case sigmoid(center: Double, width: Double)
    /// 0 black, 65535 white.
    case lookup(Table)
  }

  public let modality: Modality
  public let voi: VOI
  /// Large values are shown dark.
  public let isInverse: Bool

  public init(modality: Modality, voi: VOI, isInverse: Bool) {
    self.modality = modality
    self.voi = voi
    self.isInverse = isInverse
  }

  /// States the stages in a presentation state of one image.
  func state(in result: inout DataSet, image: DataSet) {
    switch modality {
    case .none: break
    case .rescale(let slope, let intercept):
      result.set(.rescaleIntercept, intercept)
      result.set(.rescaleSlope, slope)
      result.set(.rescaleType, "US")
    }
    var shown = DataSet()
    shown.set(.referencedImageSequence, items: [image])
    switch voi {
    case .linear(let center, let width): Self.setWindow(center, width, in: &shown)
    case .sigmoid(let center, let width):
      Self.setWindow(center, width, in: &shown)
      shown.set(.voiLUTFunction, "SIGMOID")
    case .lookup(let table): shown.set(.voiLUTSequence, items: [table.item])
    }
    result.set(.softcopyVOILUTSequence, items: [shown])
    result.set(.presentationLUTShape, isInverse ? "INVERSE" : "IDENTITY")
  }

  private static func setWindow(_ center: Double, _ width: Double, in item: inout DataSet) {
    item.set(.windowCenter, center)
    item.set(.windowWidth, width)
  }
}

extension GrayscaleStages.Table {
  fileprivate var item: DataSet {
    var item = DataSet()
    // 65536 entries are written as 0.
    let descriptor = [entries.count & 0xFFFF, firstMapped, 16]
    item[.lutDescriptor] = DataElement(.lutDescriptor, firstMapped < 0 ? .SS : .US, .integers(descriptor))
    let bytes = entries.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    item[.lutData] = DataElement(.lutData, .OW, .bytes(bytes))
    return item
  }
}
