public import FoundationEssentials

/// An object that this program made of a radiograph.
public protocol ResultObject: Sendable {
  /// All but the pixels.
  var dataSet: DataSet { get }
  /// Which identifying values of the source had to be changed, and how.
  var headerNotes: [HeaderNote] { get }
  /// Nil for an object without any.
  var pixels: PixelData? { get }
}

extension ResultObject {
  public var pixels: PixelData? { nil }

  /// Writes the object, if it keeps the standard's rules; an earlier one of that name is replaced. As JPEG baseline a
  /// picture is a lossy one and says so; only native transfer syntaxes hold single bits.
  public func write(
    to url: URL, as transferSyntax: TransferSyntax = .explicitVRLittleEndian
  ) throws(DICOMWriteError) {
    try DICOMWriter.write(result: dataSet, pixels: pixels, as: transferSyntax, to: url)
  }

  /// The same as the bytes of a file, for who writes several together.
  /// - Parameter path: of the file that they will be, for messages.
  package func encoded(as transferSyntax: TransferSyntax, for path: String) throws(DICOMWriteError) -> [UInt8]
  {
    try DICOMWriter.encoded(result: dataSet, pixels: pixels, as: transferSyntax, for: path)
  }
}
