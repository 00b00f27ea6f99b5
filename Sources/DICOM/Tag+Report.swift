// Structured reporting (PS3.3 C.17).
extension Tag {
  /// Value Type (0040,A040), VR CS.
  public static let valueType = Tag(0x0040, 0xA040)
  /// Relationship Type (0040,A010), VR CS.
  public static let relationshipType = Tag(0x0040, 0xA010)
  /// Concept Name Code Sequence (0040,A043), VR SQ.
  public static let conceptNameCodeSequence = Tag(0x0040, 0xA043)
  /// Concept Code Sequence (0040,A168), VR SQ.
  public static let conceptCodeSequence = Tag(0x0040, 0xA168)
  /// Content Sequence (0040,A730), VR SQ.
  public static let contentSequence = Tag(0x0040, 0xA730)
  /// Continuity Of Content (0040,A050), VR CS.
  public static let continuityOfContent = Tag(0x0040, 0xA050)
  /// Content Template Sequence (0040,A504), VR SQ.
  public static let contentTemplateSequence = Tag(0x0040, 0xA504)
  /// Template Identifier (0040,DB00), VR CS.
  public static let templateIdentifier = Tag(0x0040, 0xDB00)
  /// Text Value (0040,A160), VR UT.
  public static let textValue = Tag(0x0040, 0xA160)
  /// UID (0040,A124), VR UI.
  public static let uid = Tag(0x0040, 0xA124)
  /// Date (0040,A121), VR DA.
  public static let date = Tag(0x0040, 0xA121)
  /// Measured Value Sequence (0040,A300), VR SQ.
  public static let measuredValueSequence = Tag(0x0040, 0xA300)
  /// Numeric Value (0040,A30A), VR DS.
  public static let numericValue = Tag(0x0040, 0xA30A)
  /// Measurement Units Code Sequence (0040,08EA), VR SQ.
  public static let measurementUnitsCodeSequence = Tag(0x0040, 0x08EA)
  /// Referenced SOP Sequence (0008,1199), VR SQ.
  public static let referencedSOPSequence = Tag(0x0008, 0x1199)
  /// Completion Flag (0040,A491), VR CS.
  public static let completionFlag = Tag(0x0040, 0xA491)
  /// Verification Flag (0040,A493), VR CS.
  public static let verificationFlag = Tag(0x0040, 0xA493)
  /// Preliminary Flag (0040,A496), VR CS.
  public static let preliminaryFlag = Tag(0x0040, 0xA496)
  /// Current Requested Procedure Evidence Sequence (0040,A375), VR SQ.
  public static let currentRequestedProcedureEvidenceSequence = Tag(0x0040, 0xA375)
  /// Predecessor Documents Sequence (0040,A360), VR SQ.
  public static let predecessorDocumentsSequence = Tag(0x0040, 0xA360)
  /// Performed Procedure Code Sequence (0040,A372), VR SQ.
  public static let performedProcedureCodeSequence = Tag(0x0040, 0xA372)
  /// Referenced Request Sequence (0040,A370), VR SQ.
  public static let referencedRequestSequence = Tag(0x0040, 0xA370)
}
