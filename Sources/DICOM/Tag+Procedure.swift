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
}
