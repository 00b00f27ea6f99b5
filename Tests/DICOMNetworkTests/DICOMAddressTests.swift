import DICOMNetwork
import Testing

@Suite struct DICOMAddressTests {
  @Test func tellsTitleHostAndPort() throws {
    let address = try DICOMAddress("dicom://PACS 1@pacs.example.org:11112")
    #expect(address.aeTitle == "PACS 1")
    #expect(address.host == "pacs.example.org")
    #expect(address.port == 11112)
    #expect(!address.usesTLS)
    #expect(address.description == "dicom://PACS 1@pacs.example.org:11112")
  }

  @Test func takesTheRegisteredPorts() throws {
    #expect(try DICOMAddress("dicom://A@10.0.0.1").port == 104)
    let secure = try DICOMAddress("DICOM-TLS://A@10.0.0.1/")
    #expect(secure.port == 2762)
    #expect(secure.usesTLS)
  }

  @Test(arguments: [
    "", "pacs:104", "http://A@b:1", "dicom://host:104", "dicom://@host", "dicom://A@", "dicom://A@h:0",
    "dicom://A@h:65536", "dicom://A@h:x", "dicom://SEVENTEEN CHARACT@h", "dicom://   @h", "dicom://A\\B@h",
    "dicom://A@[::1]:104", "dicom://A@h:1:2", "dicom://A@\(String(repeating: "h", count: 121))",
    "dicom://Ä@h",
    "dicom://A@a b:1",
  ])
  func refusesOthers(_ text: String) {
    #expect(throws: DICOMAddressError.self) { try DICOMAddress(text) }
  }
}
