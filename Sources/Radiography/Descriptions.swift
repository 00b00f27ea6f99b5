import DICOM

/// What a data set says in free text and code meanings about what was taken, from the image outwards to the study:
/// the more specific text counts first, since a study of two views or two regions names both.
enum Descriptions {
  static func texts(of dataSet: DataSet) -> [Words] {
    let requests = dataSet.items(.requestAttributesSequence)
    let texts =
      [dataSet.string(.acquisitionDeviceProcessingDescription), dataSet.string(.seriesDescription)]
      + meanings(dataSet, .seriesDescriptionCodeSequence)
      + [dataSet.string(.protocolName)] + meanings(dataSet, .performedProtocolCodeSequence)
      + [dataSet.string(.performedProcedureStepDescription)]
      + requests.flatMap { request in
        [request.string(.scheduledProcedureStepDescription)]
          + meanings(request, .scheduledProtocolCodeSequence)
          + [request.string(.requestedProcedureDescription)]
      }
      + [dataSet.string(.requestedProcedureDescription)] + meanings(dataSet, .requestedProcedureCodeSequence)
      + meanings(dataSet, .procedureCodeSequence) + [dataSet.string(.studyDescription)]
    return texts.compactMap { $0 }.map { Words($0) }.filter { !$0.words.isEmpty }
  }

  private static func meanings(_ dataSet: DataSet, _ sequence: Tag) -> [String?] {
    dataSet.items(sequence).map { $0.string(.codeMeaning) }
  }
}
