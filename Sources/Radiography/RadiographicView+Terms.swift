extension RadiographicView {
  /// What a term says about the view.
  enum Mention: Hashable, Sendable {
    case frontal, lateral, oblique, decubitus, axial
    /// A series or study of more than one view.
    case several
    /// How the patient lay, and words that only look like a view; the beam is another matter.
    case position
  }

  /// Words before a second view: "PA and lateral".
  static let joiners: Set<String> = [
    "&", "AND", "UND", "U", "ET", "Y", "E", "WITH", "MIT", "AVEC", "CON", "COM", "OG", "OCH", "EN", "MET",
    "JA", "ES", "VE",
    "SI", "I", "A", "PLUS", "И", "ТА", "І", "ΚΑΙ",
  ]

  /// The defined terms of View Position (C.8.7.1.1.1), and what is written instead, in the languages of `BodyPart`.
  static let terms = Vocabulary<Mention>([
    (
      .frontal,
      """
      AP, PA, FRONTAL*, ANTEROPOSTERIOR*, POSTEROANTERIOR*, ANTERO POSTERIOR*, POSTERO ANTERIOR*,
      ANTERIOR POSTERIOR, POSTERIOR ANTERIOR, ANTEROPOSTERIEUR*, POSTEROANTERIEUR*, POSTERO ANTERIEUR*,
      ANTERO POSTERIEUR*, APPORTABLE, APSUPINE, APERECT, DORSOVENTRAL*, VENTRODORSAL*, DORSO VENTRAL*,
      VENTRO DORSAL*, FRENTE, DE FACE, VON VORN, VOORACHTERWAARTS, PREDOZADNI, ZADOPREDNI, TYLNO PRZEDNI*,
      PRZEDNIO TYLN*, ON ARKA, ARKA ON, VAN VOREN, ETUKUVA, ΠΡΟΣΘΙΟΠΙΣΘΙ*, ΟΠΙΣΘΟΠΡΟΣΘΙ*, ПРЯМ*,
      ПЕРЕДНЕЗАДН*, ЗАДНЕПЕРЕДН*, 正位, 正面, 后前, 後前, 前后, 前後, 정면, 전후, 후전, *امامي*, *خلفي امامي*
      """
    ),
    (
      .lateral,
      """
      LL, RL, LAT, LATS, LATERAL*, LATERAAL*, LLAT, RLAT, LATL, LATR, LTLAT, RTLAT, LTRL, LATRL,
      LLATERAL*, RLATERAL*, LATERO*, LATERO LATERAL*, MEDIOLATERAL*, LATLAT, CHESTLAT*, CXRLAT*,
      THORAXLAT*, THORAKSLAT*, TORAXLAT*, TORACELAT*, CHESTLL, THORAXLL, TORAXLL, TORACELL, THORAXPROFI*,
      TORAXPERFIL*, PROFIL*, PROFIEL*, PERFIL*, SEITLICH*, SEITL, SEITENAUFNAHM*, SEITENBILD*,
      SEITENANSICHT*, SEITE VIEW, SIDE VIEW, ZIJDELINGS*, ZIJWAARTS*, ZIJAANZICHT*, ZIJOPNAME*, DWARS*,
      BOCZN*, Z BOKU, BOCN*, STRANSKA PROJ*, STRANSKI POSN*, OLDALIRANY*, OLDALFELVETEL*, OLDALNEZET*,
      OLDALSO, SIDOBILD*, SIDOPROJ*, SIDEBILLED*, SIDEBILDE*, SIDEPROJ*, SIDEOPTAG*, SIVUKUVA*, SIVUPROJ*,
      SIVUSTA, SIVULTA, KULJEPILT, KULGVAADE*, KULGPROJ*, SANSKAT*, SANU PROJ*, SONINE PROJ*, ANESOR*,
      YANDAN, YANAL, YAN GRAFI*, YAN AKCIGER*, YAN GORUNTU*, YAN PROJ*, ΠΛΑΓΙ*, ΠΡΟΦΙΛ*, БОКОВ*, БІЧН*,
      БОЧН*, БАКАВ*, ПРОФИЛ*, ПРОФІЛ*, ЛАТЕРАЛ*, ЛАТЕРО*, СТРАНИЧ*, צד, צדדי, *جانبي*, ด้านข้าง, 侧位, 側位,
      侧面, 側面, 側方, 左侧, 右侧, 측면
      """
    ),
    (
      .oblique,
      """
      RLO, LLO, RAO, LAO, RPO, LPO, OBL, OBLIQ*, OBLIC*, OBLICU*, OBLIK*, SCHRAG*, SCHRAEG*, SCHUIN*, SKOSN*,
      SIKM*, KOSA PROJEKC*, FERDE, VIISTO*, SKRAPROJ*, SKRABILD*, ΛΟΞ*, КОСАЯ, КОСОЙ, КОСЫЕ, КОСІ, КОСА ПРОЕКЦ*,
      斜位, 사위, *مائل*
      """
    ),
    (
      .decubitus,
      """
      RLD, LLD, DECUB*, LATERAL DECUB*, LAT DECUB*, LEFT DECUB*, RIGHT DECUB*, DECUBITO LATERAL*,
      DECUBITUS LATERAL*, LATEROGRAM*, *SEITENLAGE*, ZIJLIG*, YAN YAT*, ЛАТЕРОГРА*, ЛАТЕРОПОЗИЦ*, 侧卧, 側卧, 側臥
      """
    ),
    (
      .position,
      """
      DECUBITO SUPINO, DECUBITO DORSAL, DECUBITO PRONO, DECUBITO SUPINO DORSAL, DECUBITUS SUPIN*, LATERALIT*,
      LATERALID*, LATERALIZ*, LATERALISA*, LATERALISE*, PROFILAK*, PROFILAC*, PROFILAX*, PROFILASS*, PROFILATT*,
      ЛАТЕРАЛЬНОСТ*, ПРОФИЛАК*, ПРОФІЛАК*
      """
    ),
    (
      .several,
      """
      2 VIEW*, TWO VIEW*, 2 V, 2 VW*, 3 VIEW*, 3 V, 3 VW*, 4 VIEW*, THREE VIEW*, MULTIPLE VIEWS, 2 EBENEN,
      ZWEI EBENEN, 2 PROJ*, 2 PROJEKC*, 2 PROIEZION*, DUE PROIEZION*, 2 PROYECC*, DOS PROYECC*, 2 INCID*,
      DOS INCID*, DEUX INCID*, DUAS INCID*, 2 RICHTINGEN, TWEE RICHTINGEN, 2 YON*, IKI YON*,
      FACE ET PROFIL, FACE PROFIL*, FACE PROFIEL*, FACE EN PROFIEL, FATA PROFIL*, ДВУХ ПРОЕКЦ*, 2 ПРОЕКЦ*,
      2 Х ПРОЕКЦ*, ДВОХ ПРОЕКЦ*, 正侧, 正側, 两位, 2 方向
      """
    ),
  ])

  /// Terms that mean a view where a view is asked for, and much else in a sentence.
  static let inFieldsOnly = Vocabulary<Mention>([
    (.position, "BED SIDE"),
    (
      .lateral,
      """
      LATER, SIDE, SIDA, SEITE, ZIJ, ZIJDE, BOK, BOCZ, STRANA, OLDAL, SIVU, KULG, STRANSK*, SONIN*, YAN,
      PROF, LADO, LATO, COTE, БОК, БІК, ЛАТ, ПРОФ
      """
    ),
    (
      .axial,
      """
      AXIAL*, AXIAAL*, AXIELL*, AKSIAL*, AKSIYAL*, AKSJAL*, AKSIAAL*, ASSIAL*, TANGEN*, ΑΞΟΝΙΚ*, АКСИАЛ*,
      АКСІАЛ*, ОСЕВ*
      """
    ),
  ])
}
