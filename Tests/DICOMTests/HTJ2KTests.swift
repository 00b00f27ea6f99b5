import DICOM
import Foundation
import Testing

@Suite struct HTJ2KTests {
  /// 12 x 16 values (37 i + i^2) mod 4096, encoded losslessly by OpenJPH 0.26.3 (`imagecodecs.htj2k_encode(values,
  /// reversible=True)`); no encoder for it is at hand here.
  private static let codestream = """
    /0//UQApQAAAAAAQAAAADAAAAAAAAAAAAAAAEAAAAAwAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wA
    EyCIkJCQkJCQkJCQkJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAX0AAf+TwAAmP/IFB3QAAMAAE0AA
    E0AAEoDK/gKHdABu+AMHdACYAod0AMAAFTAABPAABOAHe+BC3QFCtADYsvkDAXQAiVTeAMI0AMAAFrwAAW1AABbIB/2289ly
    x9HWiL3jQXtH9QCziCAxlwD+v923TzvY2bmgw5nQjRwxCv4Alv5RgLG4AP956O+rz3/kt7/69R+/I1z+AKe/yCARmADAAC9J
    gABesQAAunABCCCAAD5AgAABAgIEBQIIIIAAAgQIEIB/AQpAgPiH/wTWfgUgAAHiT4AA/PkHIID8CxD/BABBXYcGlw0HIgCS
    FFIRAJhQVZAB/2G//uO//uM//uM//uN//uN//v9//3+P/3gf/3E//uM//uN//sN//0d/+P9//M//eBX/c5v813P9wwP+25P/
    Z7f878v+ee4AZRwAAHR8EBoJQDYUoAuRAf9//3//X/97f/97/3/3f/9//3/zf3zAACWX5jAX4zDzrhQfzA9wAf/Z
    """

  @Test(arguments: [TransferSyntax.htj2kLossless, .htj2kLosslessRPCL, .htj2k])
  func decodes(transferSyntax: TransferSyntax) throws {
    let folder = try TemporaryFolder()
    let text = Self.codestream.replacing("\n", with: "")
    var codestream = Array(try #require(Data(base64Encoded: text)))
    if codestream.count % 2 == 1 { codestream.append(0) }
    var raw = RawFile(transferSyntax: transferSyntax.uid.string)
    raw.image(rows: 12, columns: 16, allocated: 16, stored: 12)
    raw.fragments([codestream])
    try raw.write(to: folder.file("x.dcm"))
    let file = try DICOMFile(reading: folder.file("x.dcm"))
    #expect(file.transferSyntax == transferSyntax)
    let expected = (0..<192).map { (index: Int) -> Int32 in Int32((37 * index + index * index) % 4096) }
    #expect(try file.frame(0).pixels == expected)
  }
}
