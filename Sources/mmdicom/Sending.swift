import DICOM
import DICOMNetwork
import Daemon
import Files
import FoundationEssentials
import SystemPackage

/// Sends the files that a command line names, over as few associations as there have to be.
struct Sending {
  let address: DICOMAddress
  private let options: AssociationOptions
  private let inputs: AnalysisInputs

  init(_ address: DICOMAddress, _ options: AssociationOptions, _ inputs: AnalysisInputs) {
    self.address = address
    self.options = options
    self.inputs = inputs
  }

  /// Files and what can't be read.
  var count: Int { inputs.count }

  /// - Parameter tell: Hears of each as soon as it is known.
  func run(_ tell: (SendOutcome) -> Void) -> [SendOutcome] {
    var outcomes: [SendOutcome] = []
    func note(_ outcome: SendOutcome) {
      outcomes.append(outcome)
      tell(outcome)
    }
    for problem in inputs.problems {
      var outcome = SendOutcome(path: problem.path.text)
      (outcome.error, outcome.reason) = (problem.message, problem.code)
      note(outcome)
    }
    var objects: [OutgoingObject] = []
    for path in inputs.files {
      do throws(DICOMReadError) {
        objects.append(try OutgoingObject(reading: URL(filePath: path.string)))
      } catch {
        var outcome = SendOutcome(path: path.text)
        (outcome.error, outcome.reason) = (error.detail, error.code)
        note(outcome)
      }
    }
    let lists = [ProposedContext].storing(objects.map { ($0.sopClass, $0.transferSyntax) })
    for contexts in lists {
      let classes = Set(contexts.map(\.sopClass))
      send(objects.filter { classes.contains($0.sopClass) }, contexts, note)
    }
    return outcomes
  }

  /// Where an association breaks, the object on its way is tried once more on another. A node that can't be reached, or
  /// breaks off at one object after the other, gets no more.
  private func send(
    _ objects: [OutgoingObject], _ contexts: [ProposedContext], _ note: (SendOutcome) -> Void
  ) {
    var rest = objects[...]
    var breaks = 0
    while !rest.isEmpty {
      var isOpen = false
      do throws(NetworkFailure) {
        var association = try Association.open(address, for: contexts, options)
        isOpen = true
        while let object = rest.first {
          do throws(NetworkFailure) {
            note(Self.outcome(object, try association.store(object)))
          } catch {
            guard error.isOfObject else { throw error }
            note(Self.outcome(object, error))
          }
          rest.removeFirst()
          breaks = 0
        }
        association.release()
      } catch {
        breaks += 1
        if !isOpen || breaks == Self.mostBreaks {
          for object in rest { note(Self.outcome(object, error)) }
          return
        }
        guard breaks % 2 == 0, let object = rest.first else { continue }
        note(Self.outcome(object, error))
        rest.removeFirst()
      }
    }
  }

  /// In a row, two for each object.
  private static let mostBreaks = 4

  private static func outcome(_ object: OutgoingObject) -> SendOutcome {
    var outcome = SendOutcome(path: object.url.path)
    outcome.sopInstanceUID = object.sopInstance.string
    return outcome
  }

  private static func outcome(_ object: OutgoingObject, _ answer: StoreAnswer) -> SendOutcome {
    var outcome = outcome(object)
    outcome.status = answer.status.description
    outcome.transferSyntax = answer.transferSyntax.uid.string
    outcome.comment = answer.comment
    outcome.isTaken = answer.status.verdict.isTaken
    return outcome
  }

  private static func outcome(_ object: OutgoingObject, _ failure: NetworkFailure) -> SendOutcome {
    var outcome = outcome(object)
    (outcome.error, outcome.reason) = (failure.description, failure.kind.rawValue)
    return outcome
  }
}
