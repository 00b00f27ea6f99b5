/// Body Part Examined (PS3.16 annex L) as far as Laterality (0020,0060) depends on it: type 2C, required where the
/// part is paired, not allowed where it isn't.
enum BodyPart {
  /// The terms of unpaired parts. Any other value may mean a paired one, for which Laterality is present, if empty.
  static func isUnpaired(_ term: String) -> Bool { unpaired.contains(term) }

  private static let unpaired: Set<String> = [
    "ABDOMEN", "ABDOMENPELVIS", "AORTA", "BACK", "BLADDER", "BRAIN", "CEREBELLUM", "CERVIX", "CHEST",
    "CHESTABDOMEN", "CHESTABDPELVIS", "CIRCLEOFWILLIS", "COCCYX", "COLON", "CORONARYARTERY", "CSPINE",
    "CTSPINE",
    "DUODENUM", "ESOPHAGUS", "GALLBLADDER", "HEAD", "HEADNECK", "HEART", "ILEUM", "ILIUM", "JAW", "JEJUNUM",
    "LARYNX", "LIVER", "LSPINE", "LSSPINE", "MAXILLA", "MEDIASTINUM", "MOUTH", "NECK", "NECKCHEST",
    "NECKCHESTABDOMEN", "NECKCHESTABDPELV", "NOSE", "PANCREAS", "PELVIS", "PENIS", "PHARYNX", "PROSTATE",
    "RECTUM",
    "SCALP", "SKULL", "SPINE", "SPLEEN", "SSPINE", "STERNUM", "STOMACH", "THYMUS", "THYROID", "TLSPINE",
    "TONGUE",
    "TRACHEA", "TSPINE", "URETER", "URETHRA", "UTERUS", "VAGINA", "VULVA", "WHOLEBODY",
  ]
}
