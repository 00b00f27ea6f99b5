/// Lossy compression that an image has undergone (PS3.3 section C.7.6.1.1.5): pixels once lost stay lost, so every
/// object made from the image carries it on.
public struct LossyCompression: Sendable, Equatable {
  /// Compression ratios of the successive steps; empty where unknown.
  public let ratios: [Double]
  /// Defined terms of Lossy Image Compression Method (0028,2114); empty where unknown.
  public let methods: [String]

  public init(ratios: [Double], methods: [String]) {
    self.ratios = ratios
    self.methods = methods
  }

  /// What a data set states; nil where it states no loss.
  public init?(of dataSet: DataSet) {
    guard let code = dataSet.code(.lossyImageCompression), ["01", "1", "YES"].contains(code) else {
      return nil
    }
    ratios = dataSet.decimals(.lossyImageCompressionRatio).filter { $0.isFinite && $0 > 0 }
    methods = dataSet.strings(.lossyImageCompressionMethod).filter {
      !$0.isEmpty && ValueRule.isValid($0, .CS)
    }
  }

  /// States it in a result. Ratio and method are type 1C in a segmentation (`needsDetail`); where the source kept
  /// silent about them, the ratio is given as 1, the only one that claims nothing.
  func state(in result: inout DataSet, needsDetail: Bool) {
    result.set(.lossyImageCompression, "01")
    if !ratios.isEmpty || needsDetail {
      result.set(.lossyImageCompressionRatio, ratios.isEmpty ? [1] : ratios)
    }
    if !methods.isEmpty || needsDetail {
      result.set(.lossyImageCompressionMethod, methods.isEmpty ? ["ISO_10918_1"] : methods)
    }
  }
}

extension TransferSyntax {
  /// Defined term of Lossy Image Compression Method for a transfer syntax that can only be lossy; nil otherwise.
  var lossyMethod: String? {
    switch self {
    case .jpegBaseline, .jpegExtended: "ISO_10918_1"
    case .jpegLSNearLossless: "ISO_14495_1"
    default: nil
    }
  }
}

extension DICOMFile {
  /// Lossy compression that the data set states or that the transfer syntax implies; nil for an image that, as far
  /// as the file says, lost nothing.
  public var lossyCompression: LossyCompression? {
    if let stated = LossyCompression(of: dataSet) { return stated }
    return transferSyntax.lossyMethod.map { LossyCompression(ratios: [], methods: [$0]) }
  }
}
