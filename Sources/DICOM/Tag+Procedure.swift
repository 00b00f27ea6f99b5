// What was asked for, planned and done, in words (PS3.3 C.7.3.1, C.4.10, C.4.11).
extension Tag {
  /// Series Description Code Sequence (0008,103F), VR SQ.
  public static let seriesDescriptionCodeSequence = Tag(0x0008, 0x103F)
  /// Requested Procedure Description (0032,1060), VR LO.
  public static let requestedProcedureDescription = Tag(0x0032, 0x1060)
  /// Requested Procedure Code Sequence (0032,1064), VR SQ.
  public static let requestedProcedureCodeSequence = Tag(0x0032, 0x1064)
  /// Scheduled Procedure Step Description (0040,0007), VR LO.
  public static let scheduledProcedureStepDescription = Tag(0x0040, 0x0007)
  /// Scheduled Protocol Code Sequence (0040,0008), VR SQ.
  public static let scheduledProtocolCodeSequence = Tag(0x0040, 0x0008)
  /// Performed Protocol Code Sequence (0040,0260), VR SQ.
  public static let performedProtocolCodeSequence = Tag(0x0040, 0x0260)
  /// Requested Procedure ID (0040,1001), VR SH.
  public static let requestedProcedureID = Tag(0x0040, 0x1001)
  /// Scheduled Procedure Step ID (0040,0009), VR SH.
  public static let scheduledProcedureStepID = Tag(0x0040, 0x0009)
  /// Placer Order Number / Imaging Service Request (0040,2016), VR LO.
  public static let placerOrderNumber = Tag(0x0040, 0x2016)
  /// Filler Order Number / Imaging Service Request (0040,2017), VR LO.
  public static let fillerOrderNumber = Tag(0x0040, 0x2017)
}
