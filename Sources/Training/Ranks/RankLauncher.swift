/// How the processes of a training find each other.
public enum RankLauncher {
  /// Whether this build can train as several processes.
  public static var hasMPI: Bool {
    #if MPI
      true
    #else
      false
    #endif
  }

  /// The group that this process was started in.
  /// - Parameter environment: what `mpirun` and `srun` tell it.
  /// - Throws: `RankFailure.cannotJoin` where there are others that it can't find: each would train for itself, in the
  ///   same folder.
  public static func join(_ environment: [String: String]) throws(RankFailure) -> any RankGroup {
    let tasks = tasks(in: environment)
    guard isLaunched(environment) || tasks > 1 else { return SoleRank() }
    #if MPI
      let ranks = try MPIRanks()
      guard ranks.count > 1 || tasks <= 1 else {
        ranks.leave()
        throw .cannotJoin(
          "started as one of \(tasks) processes that don't find each other: start them with mpirun, or with an "
            + "srun --mpi=... that this MPI knows (srun --mpi=list)")
      }
      return ranks
    #else
      guard tasks > 1 else { return SoleRank() }
      throw .cannotJoin(
        "started as one of \(tasks) processes, but this build trains as one: build with --traits MPI")
    #endif
  }

  /// How many processes were started together, as far as one can tell from outside MPI.
  static func tasks(in environment: [String: String]) -> Int {
    ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"].lazy.compactMap {
      environment[$0].flatMap { Int($0) }
    }.first ?? 1
  }

  /// Whether an MPI launcher waits for this process to report. A batch script that calls the program without one isn't
  /// meant: there, `SLURM_STEP_NUM_TASKS` is 1 or unset.
  private static func isLaunched(_ environment: [String: String]) -> Bool {
    ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"].contains { environment[$0] != nil }
  }
}
