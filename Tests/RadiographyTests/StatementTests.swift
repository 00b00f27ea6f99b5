import DICOM
import Radiography
import Testing

/// What files say of body part and view, in the words of many places.
@Suite("Statements of body part and view")
struct StatementTests {
  private func code(_ change: (inout DataSet) -> Void) -> String? {
    var dataSet = DataSet.radiograph(rows: 100, columns: 100)
    change(&dataSet)
    return Eligibility(dataSet).reason?.code
  }

  static let chests = [
    "CHEST", "Chest PA", "CHEST/ABDOMEN", "ABDOMEN CHEST", "CHEST1VIEW", "CXR PORTABLE", "THX", "THORAX",
    "HEMITHORAX", "ThoraxPA",
    "Rx Tórax", "Rx T\u{006F}\u{0301}rax", "RX TORAX", "TÃ³rax", "TORACE", "Torace AP/LL", "PECHO",
    "pulmones", "Pulmões", "Poumons",
    "Poitrine", "LUNGE", "Lungenübersicht", "Röntgenthorax", "BRUSTKORB", "Borstkas", "Klatka piersiowa",
    "PŁUCA", "Hrudník", "MELLKAS",
    "TÜDŐ", "Bröstkorg", "LUNGOR", "Brystkasse", "RINTAKEHÄ", "Keuhkot", "Göğüs", "AKCİĞER", "PA AC grafisi",
    "Akciğer grafisi", "ΘΩΡΑΚΑΣ", "Θώρακος",
    "ГРУДНАЯ КЛЕТКА", "грудной клетки", "Органы грудной клетки", "ОГК", "Лёгкие", "Грудна клітка", "ЛЕГЕНІ",
    "Гръден кош", "胸片", "胸部", "胸部正面", "胸部X線",
    "肺", "흉부", "가슴", "الصدر", "أشعة الصدر", "חזה", "ทรวงอก", "ｃｈｅｓｔ", "Dada", "NGỰC", "PHỔI", "Mediastinum",
  ]

  static let unknowns = ["UNKNOWN", "?", "STANDARD", "Xyzzy", "1", "BODY", "n/a", "PORTABLE", "常規"]

  static let others = [
    "HAND", "Left Hand", "SKULL", "T-SPINE", "TSPINE", "THORACIC SPINE", "CHEST RIBS", "CHEST WALL", "KNEE",
    "UPPER EXTREMITY", "Abdomen", "ABDOMEN AP", "PELVIS",
    "TEETH", "Zähne", "Zaehne", "Schädel", "SCHAEDEL", "BWS", "Lendenwirbelsäule", "Hüfte links", "Fuß",
    "Becken", "Mano", "Rodilla", "Cráneo", "Columna dorsal",
    "Columna torácica", "MÃO", "Joelho", "Crânio", "Genou", "Main", "Crâne", "Rachis dorsal", "Ginocchio",
    "Spalla", "Cranio", "Colonna toracica", "Addome", "Czaszka", "Kolano",
    "Brzuch", "Kręgosłup", "Koleno", "Břicho", "Lebka", "Térd", "Koponya", "Has", "Knä", "Buköversikt",
    "Polvi", "Vatsa", "Diz", "AYAK", "Omurga", "Γόνατο", "Κοιλιά", "Кисть",
    "Коленный сустав", "Череп", "Позвоночник", "Грудной отдел позвоночника", "Рёбра", "Черевна порожнина",
    "Коліно", "腹部", "膝关节", "左手", "颈椎", "胸椎", "肋骨", "頭部", "骨盤", "歯",
    "무릎", "복부", "흉추", "두개골", "البطن", "الركبة", "ברך",
    // Joined, and bone in spite of the chest in it.
    "THORAXSPINE", "CHESTSPINE", "CHESTRIBS", "CHESTCLAVICLE", "THORAXSTERNUM", "THORAXRIPPEN",
    "THORACICSPINE",
    "TORAXCOLUMNA", "Brustbein", "Bröstrygg", "Brysthvirvel", "Borstwervel", "Rintaranka", "mellkasgerinc",
    "грудопоясничный", "Toracolumbar",
  ]

  @Test(
    "a part joined to a chest doesn't hide it",
    arguments: [
      "ABDOMENTHORAX", "THORAXABDOMEN", "CHESTPORTABLE", "CHESTSUPINE", "ABDOMEN\\CHEST", "CHEST\\ABDOMEN",
      "THORAXPA",
    ])
  func joined(_ term: String) {
    #expect(code { $0[.bodyPartExamined] = DataElement(.bodyPartExamined, .CS, .text(term)) } == nil)
  }

  @Test("chest in the languages of the world", arguments: chests)
  func chest(_ term: String) {
    #expect(code { $0[.bodyPartExamined] = DataElement(.bodyPartExamined, .CS, .text(term)) } == nil)
    // What a description says of another part doesn't count against it.
    #expect(
      code {
        $0[.bodyPartExamined] = DataElement(.bodyPartExamined, .CS, .text(term))
        $0.set(.seriesDescription, "ABDOMEN")
      } == nil)
  }

  @Test("other parts in the languages of the world", arguments: others)
  func other(_ term: String) {
    #expect(code { $0[.bodyPartExamined] = DataElement(.bodyPartExamined, .CS, .text(term)) } == "not_chest")
    #expect(
      code { $0.set(.anatomicRegionSequence, items: [CodedConcept("1", "99X", term).item]) } == "not_chest")
  }

  @Test("a term that nobody knows is no refusal", arguments: unknowns)
  func unknown(_ term: String) {
    #expect(code { $0[.bodyPartExamined] = DataElement(.bodyPartExamined, .CS, .text(term)) } == nil)
  }

  @Test(
    "a part that only a description states",
    arguments: [
      DICOM.Tag.seriesDescription, .studyDescription, .protocolName, .acquisitionDeviceProcessingDescription,
      .performedProcedureStepDescription, .requestedProcedureDescription,
    ])
  func described(_ tag: DICOM.Tag) {
    for term in ["UPPER EXTREMITY", "MODALITYLUT - TEETH", "Knee 2 views", "Rx mano", "膝关节", "XR L-SPINE"] {
      #expect(code { $0.set(tag, term) } == "not_chest", "\(term)")
      #expect(
        code {
          $0.set(tag, term)
          $0.set(.bodyPartExamined, "CHEST")
        } == nil, "\(term)")
    }
    for term in [
      "CHEST", "Portable, arms up, head of bed 30", "Tórax PA de pie", "C-arm", "manual", "1", "L",
    ] {
      #expect(code { $0.set(tag, term) } == nil, "\(term)")
    }
  }

  @Test("code meanings state a part as well")
  func coded() {
    for tag in [
      DICOM.Tag.procedureCodeSequence, .performedProtocolCodeSequence, .seriesDescriptionCodeSequence,
    ] {
      #expect(code { $0.set(tag, items: [CodedConcept("1", "99X", "XR Hand Left").item]) } == "not_chest")
      #expect(code { $0.set(tag, items: [CodedConcept("1", "99X", "XR Chest Lateral").item]) } == "lateral")
      #expect(code { $0.set(tag, items: [CodedConcept("36643-5", "LN", "XR Chest 2 Views").item]) } == nil)
    }
  }

  @Test("the more specific description counts first")
  func order() {
    #expect(
      code {
        $0.set(.studyDescription, "CHEST AND ABDOMEN")
        $0.set(.seriesDescription, "ABDOMEN ERECT")
      } == "not_chest")
    #expect(
      code {
        $0.set(.studyDescription, "CHEST LATERAL")
        $0.set(.seriesDescription, "CHEST PA")
      } == nil)
    #expect(
      code {
        $0.set(.studyDescription, "CHEST (PA AND LAT)")
        $0.set(.seriesDescription, "LAT")
      } == "lateral")
  }

  static let laterals = [
    "LAT", "Chest LAT", "W Chest Lateral", "CHEST LATERAL", "Thorax lateral", "Lat.", "L-LAT", "LT LAT",
    "ThoraxLat", "LL", "RL", "Profil", "Thorax profil gauche",
    "Rx tórax perfil", "Perfil esquerdo", "Profilo", "TORACE LL", "Latero-laterale", "Thorax seitlich",
    "Seitliche Aufnahme", "boczne", "Klatka boczna", "bočný", "oldalirányú", "Sidobild",
    "Sivukuva", "Πλάγια", "боковая проекция", "бічна", "胸部侧位", "胸部側面", "側位", "측면", "جانبي", "Left Lateral",
    "CHEST/LATERAL", "Profiel", "ThoraxProfiel", "zijopname", "ЛАТЕРАЛЬНАЯ", "латерально", "ПРОФІЛЬ", "бочна",
    "LATERO",
    "LateroLat", "YANDAN", "Yanal", "Profilowe", "bočního", "oldalnézet", "Sidoprojektion", "sideoptagelse",
    "sivuprojektio", "Laterală", "látero-lateral", "CHESTLAT", "THORAXLATERAL", "TORAXPERFIL",
  ]

  @Test(
    "terms that name a view where a view is asked for",
    arguments: [
      ("AXIAL", "not_frontal"), ("axiaal", "not_frontal"), ("AKSİYAL", "not_frontal"),
      ("аксиальная", "not_frontal"),
      ("YAN", "lateral"), ("BOK", "lateral"), ("LATER", "lateral"), ("AP AXIAL", nil), ("PA YAN", nil),
      ("\\LL", "lateral"), ("PA\\LL", nil), ("BEDSIDE", nil), ("BED SIDE", nil), ("AP BED-SIDE", nil),
    ] as [(String, String?)])
  func field(_ term: String, _ reason: String?) {
    #expect(code { $0[.viewPosition] = DataElement(.viewPosition, .CS, .text(term)) } == reason)
    #expect(
      code {
        $0[.viewPosition] = DataElement(.viewPosition, .CS, .text(term))
        $0.set(.bodyPartExamined, "CHEST")
      } == reason)
  }

  @Test("laterals in the languages of the world", arguments: laterals)
  func lateral(_ term: String) {
    #expect(code { $0[.viewPosition] = DataElement(.viewPosition, .CS, .text(term)) } == "lateral")
    for tag in [
      DICOM.Tag.seriesDescription, .protocolName, .acquisitionDeviceProcessingDescription, .studyDescription,
    ] {
      #expect(code { $0.set(tag, term) } == "lateral")
      // A default of the device doesn't count against it, View Position does.
      #expect(
        code {
          $0.set(tag, term)
          $0.set(.patientOrientation, ["L", "F"])
        } == "lateral")
      #expect(
        code {
          $0.set(tag, term)
          $0.set(.viewPosition, "PA")
        } == nil)
    }
  }

  @Test(
    "texts that name two views, or none, say nothing",
    arguments: [
      "CHEST (PA AND LAT)", "CHEST PA & LAT", "Chest PA/LAT", "Thorax p.a. + seitlich", "THORAX PA ET PROFIL",
      "Tórax frente e perfil", "Torace 2 proiezioni AP e LL", "Chest 2 views",
      "CHEST 2V LAT", "Thorax in 2 Ebenen seitlich", "XR CHEST FRONTAL AND LATERAL", "Chest and lateral",
      "胸部正侧位", "BILATERAL", "Unilateral grid", "COLLATERAL", "Laterality", "platte", "Flat panel",
      "профилактическая флюорография ОГК", "Zdjęcie profilaktyczne klatki", "Lateralidad", "Lateralität",
      "contralateral", "Axial", "Dr Yan", "Later", "post sternotomy", "Face/profiel",
      "Akciğer ön-arka ve yandan",
      "PA", "A.P.", "Chest A/P", "AP PORTABLE", "Chest 1 view", "Tórax AP decúbito supino",
    ])
  func frontal(_ term: String) {
    for tag in [DICOM.Tag.seriesDescription, .protocolName, .studyDescription] {
      #expect(code { $0.set(tag, term) } == nil)
    }
  }

  @Test(
    "oblique and decubitus views that only a description states",
    arguments: [
      "CHEST OBLIQUE", "Thorax RAO", "left lateral decubitus", "CHEST LAT DECUB", "Tórax oblicua", "schräg",
    ])
  func notFrontal(_ term: String) {
    #expect(code { $0.set(.seriesDescription, term) } == "not_frontal")
  }

  @Test("terms of other attributes in any spelling")
  func terms() {
    for intent in ["FOR PROCESSING", "For Processing", "for_processing", " FOR  PROCESSING"] {
      #expect(
        code { $0[.presentationIntentType] = DataElement(.presentationIntentType, .CS, .text(intent)) }
          == "for_processing")
    }
    #expect(code { $0.set(.presentationIntentType, "for presentation") } == nil)
    for modality in ["cr", "Dx", "CR "] {
      #expect(code { $0[.modality] = DataElement(.modality, .CS, .text(modality)) } == nil)
    }
    #expect(code { $0[.modality] = DataElement(.modality, .CS, .text("ct")) } == "not_a_radiograph")
    #expect(
      code {
        $0[.photometricInterpretation] = DataElement(.photometricInterpretation, .CS, .text("monochrome2"))
      } == nil)
    #expect(
      code { $0[.photometricInterpretation] = DataElement(.photometricInterpretation, .CS, .text("Rgb")) }
        == "colour_image")
    #expect(
      code { $0[.patientOrientation] = DataElement(.patientOrientation, .CS, .text("a\\f")) } == "lateral")
  }
}
