extension BodyPart {
  /// What a term says about the region.
  enum Region: Hashable, Sendable {
    case chest
    /// Ribs, sternum, clavicle, spine: bone, exposed and collimated for it.
    case thoracicSkeleton
    case elsewhere
    /// Words that only look like a part: how the patient stood, what the tube hung on.
    case position
  }

  /// Terms that mean a part wherever they stand: PS3.16 annex L, and what is written in English, Spanish,
  /// Portuguese, French, Italian, German, Dutch, Polish, Czech, Slovak, Hungarian, Swedish, Norwegian, Danish, Finnish,
  /// Turkish, Romanian, South Slavic, Indonesian, Vietnamese, Greek, Russian, Ukrainian, Bulgarian, Hebrew, Arabic,
  /// Thai, Chinese, Japanese and Korean.
  static let anywhere = Vocabulary<Region>([
    (
      .chest,
      """
      CHEST*, *CHEST, CHST, CXR, CXRAY, THX, *THORAX*, *TORAX*, THORAC*, TORAC*, *THORAKS*, *TORAKS*,
      HEMITHORA*, LUNG, LUNGS, LUNGE*, LUNGR*, LUNGOR, LUNGEN*, *LUNGE, PULMO*, PULMAO, MEDIASTIN*, HEART,
      CARDIAC, COEUR, POUMON*, POITRINE, PECHO, PETTO, POLMON*, BRUST, BRUSTKORB, BRUSTRAUM, HERZ, BORST,
      BORSTKAS, BORSTHOLTE, LONGEN, LONGFOTO, THORAXFOTO, BROST, BROSTKORG, BRYST, BRYSTKASSE, RINTA*,
      RINTAKEHA, KEUHKO*, GOGUS*, GOEGUES, AKCIGER*, PA AC, KLATKA PIERSIOWA, KLATKI PIERSIOWEJ, KLP,
      KLATKA, PLUC, PLUCA, PLUCO, PLICE, PLICNI, HRUDNIK*, HRUD, MELLKAS*, TUDO, TUDOK, PIEPT, PLAMAN*,
      GRUDNI KOS, PRSNI KOS, GRUDI, PLJUC*, DADA, PARU, NGUC, PHOI, RINDKERE, KOPSUD, KRUTINES, PLAUCIU,
      KRUSU KURVIS, ΘΩΡΑΚ*, ΘΩΡΑΞ, ΣΤΗΘΟΣ, ΣΤΗΘΟΥΣ, ΠΝΕΥΜΟΝ*, ГРУД*, ГРЪД*, ГРЪДЕН КОШ, ОГК, ОГП, ЛЕГК*,
      ЛЕГЕН*, ЛЕГЕНІ, БЕЛИ ДРОБОВЕ, ПЛУЋА, ТОРАКС, ТОРАКАЛ*, ФЛЮОРОГР*, ФЛЮРО*, ФЛГ, ФОГК, СРЕДОСТЕН*, חזה,
      בית החזה, ריאות, *صدر*, *رئه*, *رئتين*, *ريه*, ทรวงอก, ปอด, छाती, 胸, 肺, 흉부, 흉곽, 가슴, 폐
      """
    ),
    (
      .thoracicSkeleton,
      """
      CHEST WALL, CHESTWALL, THORACIC WALL, THORAXWAND, BRUSTWAND, BORSTWAND, RIB, RIBS, BRUSTBEIN*, BORSTBEEN*,
      BROSTBEN, BRYSTBEN, BROSTKOT*, BROSTRYGG*, BRYSTRYGG*, BRYSTHVIRV*, BRYSTVIRV*, *WERVEL*, *HVIRVEL*,
      *KOLUMNA*, *COLUMNA, *RYGG, *GERINC*, SZEGYCSONT, RINTARANK*, RINTARANG*, RINTALAST*, RINTANIKAM*,
      RINNALULI*, TORACOLUMB*, TORACOLOMB*, THORACOLOMB*, THORAKOLUMB*, TORAKOLUMB*, ГРУДОПОЯСН*,
      STERN*, BREASTBONE, CLAVIC*, CLAVIK*, KLAVIK*, COLLARBONE,
      SCAPUL*, *SPINE, SPINES, SPINAL, CTSPINE, TLSPINE, THORACOLUMB*, VERTEBR*, RACHIS, COLUMNA*, COLUNA*,
      COLONNA*, COLONNE*, DORSOLUMBAR*, *WIRBEL*, BWS, LWS, HWS, BWK, RIPPE*, SCHLUSSELBEIN, SCHLUESSELBEIN,
      COSTILLA*, COSTELA*, COSTAL*, COSTE, COTES, STERNO*, ESTERNON, ESTERNO, CLAVICULA*, WERVEL*, RIBBEN,
      KREGOSLUP*, ZEBRA, ZEBER, OBOJCZYK, PATER, PATERE, CHRBTICA, HRUDNI PATER, HRUDNA CHRBTICA, ZEBRO,
      REBRA, KICMA, GERINC*, BORDA*, RYGG*, RYG, RYGSOJLE, REVBEN, RIBBEIN, SELKARANKA, RANGAN*, KYLKILUU*,
      OMURGA*, VERTEBRA*, KABURGA*, KOSTA, KOPRUCUK, COLOANA, ΣΠΟΝΔΥΛ*, ΘΜΣΣ, ΟΜΣΣ, ΑΜΣΣ, ΠΛΕΥΡΑ, ΠΛΕΥΡΕΣ,
      ΚΛΕΙΔΑ, ΣΤΕΡΝΟ, ПОЗВОНО*, ПОП, ШОП, РЕБР*, РЕБЕР, ГРУДИН*, КЛЮЧИЦ*, ХРЕБ*, ХРЕБЕТ, ГРЪБНАЧ*,
      ГРУДНОЙ ОТДЕЛ, ЛОПАТК*, עמוד שדרה, צלעות, *فقرات*, *فقري*, *ضلع*, *اضلاع*, *ترقوه*, กระดูกสันหลัง,
      ซี่โครง, 脊柱, 脊椎, 胸椎, 腰椎, 颈椎, 頸椎, 胸腰椎, 肋, 胸骨, 锁骨, 鎖骨, 肩胛, 척추, 흉추, 요추, 경추, 늑골, 갈비뼈, 쇄골, 흉골
      """
    ),
    (.elsewhere, elsewhere),
    (
      .position,
      """
      C ARM, ARMS UP, ARMS DOWN, HEAD UP, HEAD OF BED, ON BACK, DE PIE, EN PIE, IN PIEDI, HAND HELD,
      FOOT END, HEAD END, HAND SWITCH, FOOT SWITCH, HEAD FIRST, FEET FIRST, LEG UP,
      STERNOTOM*, ESTERNOTOM*, RYGGLAG*, RYGGLEI*, RYGGLIG*
      """
    ),
  ])

  /// Terms that mean a part where a part is asked for, and much else in a sentence.
  static let inFieldsOnly = Vocabulary<Region>([
    (
      .elsewhere,
      """
      HEAD, CRANIAL, FACE, BACK, MAIN, ANCHE, KARIN, ARM, ARMS, HEEL, NOSE, UP EXM, LOW EXM, EXT, CARA,
      TESTA, TETE, PE, PES, EL, HAS, LAB, DIS, BOK, NEK, COU, COL, DOS, NUQUE, SEIN, SENO, PIEDE, HALS,
      AORTA, LIVER, SPLEEN, 手, 足, 指, 趾, 头, 頭, 脚, 腳, 颈, 頸, 손, 발, 목, 팔, *يد*, НОС, НОГА, РУКА, TAC, DIENTE
      """
    )
  ])

  private static let elsewhere = """
    ABDOMEN*, ABDOMINAL, ABDOMINOPELV*, ABD, KUB, BOWEL, STOMACH, COLON, GALLBLADDER, KIDNEY*, RENAL,
    BLADDER, UTERUS, PELVIS, PELVIC, HIP, HIPS, FEMUR*, FEMORAL, THIGH, KNEE, KNEES, PATELL*, TIBIA*,
    FIBULA, LEG, LEGS, SHIN, CALF, ANKLE, ANKLES, FOOT, FEET, TOE, TOES, HALLUX, CALCANEUS, CALCANEUM,
    HEEL VIEW, METATARS*, TARSAL*, HAND, HANDS, FINGER*, THUMB*, WRIST*, CARPAL*, METACARP*, SCAPHOID,
    FOREARM*, ELBOW*, HUMER*, UPPER ARM, LOWER ARM, RADIUS, ULNA, SHOULDER*, AC JOINT*, SKULL*, CRANIUM,
    FACIAL, FACIAL BONES, NASAL, SINUS*, PARANASAL, ORBIT*, MANDIB*, MAXILL*, ZYGOM*, MASTOID*, SELLA, JAW,
    TMJ, TEMPOROMANDIB*, TEETH, TOOTH, DENTAL*, BITEWING*, PANORAM*, ORTHOPANT*, OPG, CEPHALO*, MOUTH, NECK,
    SOFT TISSUE NECK, LARYNX, PHARYNX, AIRWAY, ADENOID*, ESOPHAG*, OESOPHAG*, EXTREMITY, EXTREMITIES, UPEX,
    LOEX, LIMB, LIMBS, SACRUM, SACRAL, SACROILIAC, COCCYX, SI JOINT*, BREAST*, MAMM*, BONE AGE, SKELETON,
    LONG LEG, LONG BONE*, VIENTRE, PELVE, BACINO, BASSIN, CADERA*, QUADRIL, ANCA, HANCHE*, MUSLO, FEMORE,
    RODILLA*, JOELHO*, GINOCCHI*, GENOU*, ROTULA*, PIERNA*, PERNA*, GAMBA, GAMBE, JAMBE*, TOBILLO*,
    TORNOZELO*, CAVIGLI*, CHEVILLE*, PIE, PIES, PIEDI, PIED, PIEDS, CALCANEO*, MANO, MANOS, MAO, MAOS, MANI,
    MAINS, DEDO*, DITO, DITA, DOIGT*, MUNECA*, PUNHO*, PUNO, POLSO, POLSI, POIGNET*, ANTEBRA*, AVAMBRACCI*,
    AVANT BRAS, BRAZO*, BRACO*, BRACCI*, CODO, CODOS, COTOVEL*, GOMIT*, COUDE*, OMERO, HOMBRO*, OMBRO*,
    SPALLA, SPALLE, EPAULE*, CRANEO*, CRANIO, CRANE, CABEZA, CABECA, SENOS PARANASALES, SEIOS DA FACE,
    MANDIBOL*, DIENTES, DENTE, DENTES, DENTI, DENTS, DENTAIRE*, DENTARIA, CUELLO, PESCOCO, COLLO, ADDOM*,
    ABDOME, VENTRE, MAMA, MAMAS, SEINS, EXTREMIDAD*, EXTREMIDADE*, MIEMBRO*, MEMBRO*, MEMBRE*, ARTI, SACRO,
    LOMBAR*, LUMBAR*, LUMBAL*, CERVICAL*, BAUCH*, BECKEN*, HUFTE*, HUEFTE*, *SCHENKEL, KNIE*,
    *SPRUNGGELENK*, OSG, USG, FUSS*, FUSSE, FUESSE, VORFUSS, ZEHE*, FERSE*, HANDE, HAENDE, *HANDGELENK*,
    DAUMEN*, UNTERARM*, OBERARM*, ELLENBOGEN*, ELLBOGEN*, SCHULTER*, SCHADEL*, SCHAEDEL*, KOPF, KIEFER*,
    *KIEFER, ZAHN*, ZAHNE, ZAEHNE, NASE*, NNH, NASENNEBENHOHLE*, EXTREMITAT*, EXTREMITAET*, BUIK, BEKKEN,
    HEUP*, ENKEL*, VOET*, POLS, ELLEBOOG, SCHOUDER*, SCHEDEL, HOOFD, TANDEN, GEBIT, ONDERBEEN, BOVENBEEN,
    BRZUCH*, JAMA BRZUSZNA, MIEDNIC*, BIODRO, BIODRA, KOLANO, KOLANA, KOLAN, STOPA, STOPY, DLON, REKA,
    NADGARST*, LOKIEC, LOKC*, BARK, CZASZK*, ZEBY, ZATOKI, BRICHO, BRUCHO, PANEV, PANVA, KYCEL*, KYCLE,
    BEDRO, KOLENO, KOLENA, KOTNIK*, CLENOK, NOHA, NOHY, RUKA, RUKY, ZAPESTI, LOKET, LAKET, RAMENO, LEBKA,
    HLAVA, ZUBY, PRSTY, KUK, KARLICA, ZDJELICA, GLEZANJ, STOPALO, SAKA, LUBANJA, MEDENCE, CSIPO, TERD, BOKA,
    LABFEJ, KEZ, CSUKLO, KONYOK, VALL, KOPONYA, FEJ, FOGAK, HASUREG, BUK, BUKOVERSIKT, BACKEN, HOFT*,
    HOFTE*, KNA, KNAE, KNE, FOT, FOD, FOTTER, FODDER, HANDLED*, HANDLEDD, HAANDLED, ARMBAGE, ALBUE, AXEL,
    SKULDER*, SKALLE, KRANIUM, TANDER, TAENDER, TENNER, VATSA, LANTIO, LONKKA, POLVI*, NILKKA, JALKA*, KASI,
    RANNE, KYYNARPAA, OLKAPAA, KALLO, HAMPAAT, BATIN, KALCA*, DIZ, AYAK*, EL BILEGI, DIRSEK*, OMUZ*, KAFA*,
    DISLER, PARMAK, ABDOMINALA, BAZIN, GENUNCHI, GLEZNA, PICIOR, UMAR, CRANIU, DINTI, PERUT, LUTUT, TANGAN,
    KAKI, BAHU, KEPALA, GIGI, BUNG, KHUNG CHAU, KHOP GOI, BAN TAY, BAN CHAN, SO MAT, ΚΟΙΛΙ*, ΛΕΚΑΝ*, ΙΣΧΙ*,
    ΓΟΝΑΤ*, ΧΕΡΙ, ΑΚΡΑ ΧΕΙΡΑ, ΠΟΔΙ, ΑΚΡΟΣ ΠΟΥΣ, ΩΜΟΣ, ΩΜΟΥ, ΚΡΑΝΙ*, ΔΟΝΤΙΑ, ΑΓΚΩΝ*, ΠΗΧΕΟΚΑΡΠ*, ΠΟΔΟΚΝΗΜ*,
    БРЮШ*, ЖИВОТ*, ТАЗ, ТАЗА, ТАЗОБЕДР*, БЕДР*, КОЛЕН*, КОЛІН*, КОЛЯН*, ГОЛЕН*, ГОЛЕНОСТОП*, СТОПА, СТОПЫ,
    СТУПН*, СТОПИ, КИСТЬ, КИСТИ, КИСТЕЙ, ПАЛЕЦ, ПАЛЬЦ*, ЗАПЯСТ*, ПРЕДПЛЕЧ*, ЛОКТ*, ЛІКТ*, ПЛЕЧ*, ЧЕРЕП*,
    ГОЛОВ*, ЗУБ*, ЧЕЛЮСТ*, ЩЕЛЕП*, ППН, ПАЗУХ*, ЧЕРЕВ*, КОНЕЧНОСТ*, КІНЦІВК*, КОРЕМ, КОЛЯНО, РЪКА, КРАК,
    РАМО, ЗЪБИ, בטן, אגן, ירך, ברך, קרסול, כף רגל, כף יד, כתף, גולגולת, שיניים, מרפק, *بطن*, *حوض*, *ركبه*,
    *قدم*, *كتف*, *جمجمه*, *اسنان*, *كاحل*, *معصم*, *مرفق*, *فخذ*, ช่องท้อง, เชิงกราน, เข่า, มือ, เท้า,
    ไหล่, กะโหลก, ฟัน, 腹, 骨盆, 骨盤, 髋, 髖, 股関節, 股关节, 膝, 踝, 足部, 足関節, 左足, 右足, 双足, 雙足, 跟骨, 手部, 左手, 右手, 双手, 雙手,
    手関節, 手腕, 手掌, 腕部, 腕关节, 肘, 肩关节, 肩関節, 肩部, 颅, 顱, 头部, 头颅, 頭部, 頭蓋, 牙, 齿, 齒, 歯, 股骨, 大腿, 小腿, 下腿, 胫, 脛, 前臂, 前腕,
    上臂, 上腕, 肱骨, 手指, 足趾, 鼻骨, 鼻窦, 副鼻腔, 下肢, 上肢, 四肢, 颈部, 頸部, 骨龄, 骨齡, 乳腺, 乳房, 泌尿, KUB, 복부, 골반, 고관절, 무릎, 슬관절, 발목,
    족부, 손목, 수부, 주관절, 팔꿈치, 어깨, 견관절, 두개골, 두부, 치아, 부비동, 상지, 하지, 대퇴
    """
}
