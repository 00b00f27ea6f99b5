import DICOM
import Testing

@Suite struct TagTests {
  @Test func describesAndSorts() {
    #expect(DICOM.Tag.patientID.description == "(0010,0020)")
    #expect(DICOM.Tag(0x7FE0, 0x00AB).description == "(7FE0,00AB)")
    #expect([DICOM.Tag.rows, .patientID, .sopClassUID].sorted() == [.sopClassUID, .patientID, .rows])
    #expect(DICOM.Tag(0x0009, 0x0010).isPrivate)
    #expect(!Tag.rows.isPrivate)
  }

  @Test(arguments: [
    (DICOM.Tag.patientName, VR.PN), (.rows, .US), (.windowCenter, .DS), (.instanceNumber, .IS),
    (.sourceImageSequence, .SQ), (.sopInstanceUID, .UI), (.frameIncrementPointer, .AT),
    (.dimensionIndexValues, .UL), (.patientComments, .LT), (.contentLabel, .CS),
    (.smallestImagePixelValue, .US),
  ])
  func takesRepresentationFromDictionary(tag: DICOM.Tag, vr: VR) {
    #expect(VR.inDictionary(tag) == vr)
  }

  @Test func unknownTagsHaveNoRepresentation() {
    #expect(VR.inDictionary(DICOM.Tag(0x0009, 0x1001)) == nil)
    #expect(VR.inDictionary(DICOM.Tag(0x0008, 0x0FFF)) == nil)
  }
}
