/// The last look at a result object before it is written: what breaks the standard doesn't leave.
public enum ConformanceGate {
  /// What is wrong with an object; nil for one that may leave.
  public static func problem(in dataSet: DataSet, pixels: PixelData?) -> InvalidObject? {
    guard let sopClass = dataSet.uid(.sopClassUID), let rules = ObjectRules.rules(for: sopClass) else {
      return InvalidObject(.sopClassUID, "not a class that results have")
    }
    if let problem = rules.lazy.compactMap({ $0.problem(in: dataSet) }).first { return problem }
    if let problem = ElementCheck.problem(in: dataSet) { return problem }
    if let problem = ReferenceCheck.problem(in: dataSet) { return problem }
    let hasPixels = dataSet.contains(.rows)
    guard hasPixels == (pixels != nil) else {
      return InvalidObject(.pixelData, hasPixels ? "missing" : "has no place here")
    }
    return isMarked(dataSet)
      ? nil : InvalidObject(.seriesDescription, "doesn't say that it is for research only")
  }

  private static func isMarked(_ dataSet: DataSet) -> Bool {
    [Tag.seriesDescription, .imageComments].contains {
      dataSet.string($0)?.lowercased().contains("research use only") == true
    }
  }
}
