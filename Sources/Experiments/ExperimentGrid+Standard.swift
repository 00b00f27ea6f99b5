internal import Foundation

extension ExperimentGrid {
  /// The grid for an archive of which nothing is known but that it has findings and masks: it names no source.
  /// - Throws: never, as its test says.
  public static func standard() throws(ExperimentGridError) -> ExperimentGrid {
    try ExperimentGrid(Data(standardFile.utf8))
  }

  /// Its grid file, to begin one's own with.
  public static let standardFile = """
    {
      "name": "standard",
      "note": "The systems with one task, both tasks and unlabelled images, on every source and label of the archive.",
      "systems": ["unet", "enc", "umtl-s", "multimix"],
      "labels": [{"classification": "all", "segmentation": "all"}],
      "seeds": [1, 2],
      "size": 128,
      "training": {
        "stages": [{"size": 128, "steps": 800}],
        "batch": {"segmentation": 10, "segmentationUnlabelled": 10, "classification": 10, "unlabelled": 10}
      },
      "split": "val",
      "tests": [{"name": "all"}],
      "compare": [["enc", "multimix"], ["unet", "multimix"], ["umtl-s", "multimix"]]
    }

    """
}
