import DICOM
import Radiography

/// What a report row says beside its findings: each leniency that changed what is seen or what a result says of the
/// patient, and what became of others with its UID. The column `notes` holds the codes, joined by semicolons.
///
/// | code | what happened |
/// |---|---|
/// | `no_window` | neither a window nor a VOI LUT: the full range of the pixels is shown |
/// | `window_ignored` | no window or VOI LUT is usable or shows the picture: the full range is shown |
/// | `window_replaced` | the first isn't usable or hides the picture: the next one is applied |
/// | `modality_transform_ignored` | Modality LUT or rescale isn't usable: stored values are taken |
/// | `body_part_and_view_unstated` | nothing says that it is a frontal chest: read all the same |
/// | `age_outside_range` | the patient's age isn't among those that the model is for |
/// | `shutter_ignored` | the display shutter would cover (nearly) everything: it isn't believed |
/// | `padding_ignored` | (nearly) every pixel equals the padding value: it isn't believed |
/// | `aspect_ignored` | implausible pixel spacing or aspect ratio: pixels are taken as square |
/// | `polarity_contradicts_tag` | the picture contradicts its Photometric Interpretation: brightness inverted |
/// | `righted` | turned or mirrored upright, as Patient Orientation asks for |
/// | `orientation_contradicts_tag` | the picture contradicts its Patient Orientation: turned as it shows |
/// | `saturated` | more than a tenth of the pixels have lost their differences at the bright end |
/// | `low_contrast` | the pixels use less than a fifth of the display range |
/// | `file_mended` | an element of the picture's couldn't be read, or the transfer syntax is another than stated |
/// | `tiny_matrix` | fewer than 200 rows or columns |
/// | `finding_uncertain` | the probability lies between those at which the model calls a finding |
/// | `lungs_doubtful` | what the network draws as lungs may be none, or not all of them |
/// | `ATTRIBUTE_shortened` | an identifying value is longer than DICOM allows and cut in results |
/// | `ATTRIBUTE_normalised` | in another shape in the source ("2024-01-15", a UID's leading zeros) than in results |
/// | `ATTRIBUTE_left_out` | not understood, empty in results |
/// | `ATTRIBUTE_replaced` | no UID, or missing; results have a derived one |
/// | `no_calibrated_spacing` | no pixel spacing that holds inside the patient is stated: `lung_area_mm2` stays empty |
/// | `duplicate_sop_instance_uid` | another file of the same run has the same SOP Instance UID |
/// | `amended` | takes the place of another file's row and results: the same picture with another header, or accepted |
/// | `content_changed` | the file held other bytes when it was read than when it came; it was read again |
///
/// ATTRIBUTE is one of `patient_name`, `patient_id`, `issuer_of_patient_id`, `patient_birth_date`,
/// `patient_birth_time`, `patient_sex`, `study_date`, `study_time`, `study_id`, `accession_number`,
/// `referring_physician_name`, `study_description`, `study_instance_uid`, `series_instance_uid`,
/// `sop_instance_uid`.
enum ReportNote: Sendable {
  case picture(QualityNote)
  case header(HeaderNote)
  case scope(ScopeNote)
  /// The model leaves the finding open.
  case findingUncertain
  /// What the network draws may be no pair of lungs.
  case lungsDoubtful
  /// There is no area without it.
  case noCalibratedSpacing

  var code: String {
    switch self {
    case .picture(let note): note.code
    case .header(let note): note.code
    case .scope(let note): note.code
    case .findingUncertain: "finding_uncertain"
    case .lungsDoubtful: "lungs_doubtful"
    case .noCalibratedSpacing: "no_calibrated_spacing"
    }
  }

  var description: String {
    switch self {
    case .picture(let note): note.description
    case .header(let note): note.description
    case .scope(let note): note.description
    case .findingUncertain: "the probability lies where the model leaves the finding open"
    case .lungsDoubtful: "what was drawn as lungs may be none, or not all of them"
    case .noCalibratedSpacing: "no calibrated pixel spacing, so no area"
    }
  }
}
