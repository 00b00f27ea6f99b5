import DICOM
import Glibc

/// One of the many ways in which radiographs are stored: object, transfer syntax, bits, polarity, window.
struct PhantomEncoding: Sendable {
  /// How stored values become what is shown (PS3.3 C.11.2).
  enum Display: Sendable {
    case windowLinear
    case windowLinearExact
    case windowSigmoid
    case voiLUT
    /// No window: stored values are shown as they are, over the whole range of the bits.
    case plain
  }

  var isDX: Bool
  var transferSyntax: TransferSyntax
  var bits: Int
  var isMonochrome1 = false
  var display: Display
  /// The area outside the shutter is declared as padding.
  var hasPadding = false
  /// Added by the modality rescale; not 0 only for CR (DX must have 0).
  var rescaleIntercept = 0
  /// Height of a stored pixel divided by its width.
  var pixelAspect = 1.0

  /// Dealt out in this order, again from the start after the last. The first six are compressed.
  static let all: [PhantomEncoding] = [
    PhantomEncoding(isDX: true, transferSyntax: .jpeg2000Lossless, bits: 12, display: .windowLinear),
    PhantomEncoding(
      isDX: false, transferSyntax: .jpegLSLossless, bits: 10, isMonochrome1: true, display: .windowLinear,
      rescaleIntercept: -100),
    PhantomEncoding(
      isDX: true, transferSyntax: .jpegLosslessSV1, bits: 12, isMonochrome1: true, display: .voiLUT,
      hasPadding: true),
    PhantomEncoding(isDX: false, transferSyntax: .rleLossless, bits: 8, display: .plain, pixelAspect: 1.25),
    PhantomEncoding(isDX: true, transferSyntax: .jpeg2000Lossless, bits: 14, display: .windowSigmoid),
    PhantomEncoding(
      isDX: false, transferSyntax: .rleLossless, bits: 10, display: .windowLinearExact, hasPadding: true),
    PhantomEncoding(isDX: true, transferSyntax: .explicitVRLittleEndian, bits: 16, display: .windowLinear),
    PhantomEncoding(
      isDX: false, transferSyntax: .implicitVRLittleEndian, bits: 12, isMonochrome1: true,
      display: .windowSigmoid, hasPadding: true),
    PhantomEncoding(isDX: false, transferSyntax: .explicitVRBigEndian, bits: 10, display: .voiLUT),
    PhantomEncoding(
      isDX: false, transferSyntax: .deflatedExplicitVRLittleEndian, bits: 12, isMonochrome1: true,
      display: .windowLinear),
    PhantomEncoding(isDX: true, transferSyntax: .jpegBaseline, bits: 8, display: .windowLinear),
  ]

  private var largest: Int { (1 << bits) - 1 }
  /// The stored values between which the picture lies; the smallest is kept for padding.
  private var low: Int { if case .plain = display { 0 } else { largest / 20 } }
  private var high: Int { if case .plain = display { largest } else { largest - largest / 25 } }
  /// Entries of the VOI LUT and the exponent of its curve.
  private static let gamma = 1.4
  /// The sigmoid never reaches its ends.
  private static let sigmoidEnd = 0.985

  /// Stored values of brightness 0...1, row by row, such that the display functions bring them back.
  func stored(_ values: [Float]) -> [UInt16] {
    values.map { value in
      let shown = Double(isMonochrome1 ? 1 - value : value)
      let span = Double(high - low)
      let x: Double =
        switch display {
        case .windowLinear, .windowLinearExact, .plain: Double(low) + shown * span
        case .voiLUT: Double(low) + pow(shown, 1 / Self.gamma) * span
        case .windowSigmoid: sigmoid.center - sigmoid.width / 4 * log(1 / clamped(shown) - 1)
        }
      return UInt16(min(max(x.rounded(), 0), Double(largest)))
    }
  }

  /// What is stored where padding is declared: a value that no picture element has.
  var paddingValue: UInt16 { isMonochrome1 ? UInt16(largest) : 0 }

  private func clamped(_ shown: Double) -> Double { min(max(shown, 1 - Self.sigmoidEnd), Self.sigmoidEnd) }

  /// Center and width before rescaling, such that low and high are shown as the sigmoid's ends.
  private var sigmoid: (center: Double, width: Double) {
    let width = 2 * Double(high - low) / log(Self.sigmoidEnd / (1 - Self.sigmoidEnd))
    return (Double(low + high) / 2, width)
  }

  /// Adds the image pixel, modality, VOI and presentation attributes.
  func describe(in dataSet: inout DataSet, rows: Int, columns: Int) {
    dataSet.set(.samplesPerPixel, 1)
    dataSet.set(.photometricInterpretation, isMonochrome1 ? "MONOCHROME1" : "MONOCHROME2")
    dataSet.set(.rows, rows)
    dataSet.set(.columns, columns)
    dataSet.set(.bitsAllocated, bits > 8 ? 16 : 8)
    dataSet.set(.bitsStored, bits)
    dataSet.set(.highBit, bits - 1)
    dataSet.set(.pixelRepresentation, 0)
    if hasPadding { dataSet.set(.pixelPaddingValue, Int(paddingValue)) }
    if isDX || rescaleIntercept != 0 {
      dataSet.set(.rescaleIntercept, rescaleIntercept)
      dataSet.set(.rescaleSlope, 1)
      dataSet.set(.rescaleType, "US")
    }
    if isDX { dataSet.set(.presentationLUTShape, isMonochrome1 ? "INVERSE" : "IDENTITY") }
    describeDisplay(in: &dataSet)
  }

  private func describeDisplay(in dataSet: inout DataSet) {
    let middle = Double(low + high) / 2 + Double(rescaleIntercept)
    let span = Double(high - low)
    switch display {
    case .windowLinear:
      // PS3.3 C.11.2.1.2.1: the ramp runs from center - 0.5 - (width - 1) / 2 over width - 1.
      dataSet.set(.windowCenter, middle + 0.5)
      dataSet.set(.windowWidth, span + 1)
    case .windowLinearExact:
      dataSet.set(.windowCenter, middle)
      dataSet.set(.windowWidth, span)
      dataSet.set(.voiLUTFunction, "LINEAR_EXACT")
    case .windowSigmoid:
      dataSet.set(.windowCenter, sigmoid.center + Double(rescaleIntercept))
      dataSet.set(.windowWidth, sigmoid.width.rounded())
      dataSet.set(.voiLUTFunction, "SIGMOID")
    case .voiLUT: dataSet.set(.voiLUTSequence, items: [lookupTable()])
    case .plain: break
    }
  }

  private func lookupTable() -> DataSet {
    let count = high - low + 1
    var item = DataSet()
    item.set(.lutDescriptor, [count, low, 16])
    item.set(.lutExplanation, "PHANTOM CURVE")
    item.set(
      .lutData,
      (0..<count).map { Int((pow(Double($0) / Double(count - 1), Self.gamma) * 65535).rounded()) })
    return item
  }
}
