// Storage commitment (PS3.3 section C.14).
extension Tag {
  /// Transaction UID (0008,1195), VR UI.
  public static let transactionUID = Tag(0x0008, 0x1195)
  /// Failure Reason (0008,1197), VR US.
  public static let failureReason = Tag(0x0008, 0x1197)
  /// Failed SOP Sequence (0008,1198), VR SQ.
  public static let failedSOPSequence = Tag(0x0008, 0x1198)
}
