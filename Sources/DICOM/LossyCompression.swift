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

  /// States it in a result; ratio and method only where they are known.
  public func state(in result: inout DataSet) {
    result.set(.lossyImageCompression, "01")
    if !ratios.isEmpty { result.set(.lossyImageCompressionRatio, ratios) }
    if !methods.isEmpty { result.set(.lossyImageCompressionMethod, methods) }
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
  /// as the file says, lost nothing. How the pixels are compressed in this file is known even where the data set
  /// keeps silent about it.
  public var lossyCompression: LossyCompression? {
    let stated = LossyCompression(of: dataSet)
    guard let method = transferSyntax.lossyMethod else { return stated }
    let (ratios, methods) = (stated?.ratios ?? [], stated?.methods ?? [])
    return LossyCompression(
      ratios: ratios.isEmpty ? [compressionRatio].compactMap(\.self) : ratios,
      methods: methods.isEmpty ? [method] : methods)
  }
}
