#pragma once
#include <mpi.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

// MPI's handles are macros, which Swift doesn't see: what is called of it stands here. All messages have one tag and
// go between the processes of MPI_COMM_WORLD, point to point. Every function returns an MPI error code.

enum { cmpi_success = MPI_SUCCESS, cmpi_max_message = INT32_MAX };

/// Whoever waits looks all the time at first, and then now and then: a rank may wait for minutes (while another
/// validates), and ranks may be more than processors. MPI's own waiting never sleeps.
static inline void cmpi_pause(unsigned round) {
  if (round < 2000) return;
  struct timespec moment = {0, round < 20000 ? 20000 : 500000};
  nanosleep(&moment, NULL);
}

/// Joins the processes that were started together. Calls may come from any thread, one at a time.
/// - neighbours: how many of them run on this machine.
static inline int cmpi_start(int *rank, int *count, int *neighbours) {
  int provided = 0, code = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
  if (code != MPI_SUCCESS) return code;
  if (provided < MPI_THREAD_SERIALIZED) return MPI_ERR_OTHER;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if ((code = MPI_Comm_rank(MPI_COMM_WORLD, rank)) != MPI_SUCCESS) return code;
  if ((code = MPI_Comm_size(MPI_COMM_WORLD, count)) != MPI_SUCCESS) return code;
  MPI_Comm host;
  code = MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, *rank, MPI_INFO_NULL, &host);
  if (code != MPI_SUCCESS) return code;
  code = MPI_Comm_size(host, neighbours);
  MPI_Comm_free(&host);
  return code;
}

/// Returns when the bytes are needed no more.
static inline int cmpi_send(const void *bytes, size_t count, int to) {
  if (count > cmpi_max_message) return MPI_ERR_COUNT;
  MPI_Request request;
  int code = MPI_Isend(bytes, (int)count, MPI_BYTE, to, 1, MPI_COMM_WORLD, &request), done = 0;
  for (unsigned round = 0; code == MPI_SUCCESS && !done; round += round < UINT32_MAX) {
    code = MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (!done) cmpi_pause(round);
  }
  return code;
}

/// Waits for the next message of a rank, and says how long it is; `message` is to be given to `cmpi_receive`.
static inline int cmpi_await(int from, void **message, size_t *count) {
  MPI_Message found;
  MPI_Status status;
  int code = MPI_SUCCESS, there = 0, bytes = 0;
  for (unsigned round = 0; code == MPI_SUCCESS && !there; round += round < UINT32_MAX) {
    code = MPI_Improbe(from, 1, MPI_COMM_WORLD, &there, &found, &status);
    if (!there) cmpi_pause(round);
  }
  if (code != MPI_SUCCESS) return code;
  code = MPI_Get_count(&status, MPI_BYTE, &bytes);
  *message = (void *)found;
  *count = (size_t)bytes;
  return code;
}

/// Takes a message that was awaited, all of its bytes.
static inline int cmpi_receive(void *message, void *bytes, size_t count) {
  MPI_Message found = (MPI_Message)message;
  MPI_Request request;
  int code = MPI_Imrecv(bytes, (int)count, MPI_BYTE, &found, &request), done = 0;
  for (unsigned round = 0; code == MPI_SUCCESS && !done; round += round < UINT32_MAX) {
    code = MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (!done) cmpi_pause(round);
  }
  return code;
}

/// Leaves; returns when all have come this far.
static inline int cmpi_end(void) { return MPI_Finalize(); }

/// Ends every process with this exit status.
static inline void cmpi_abort(int status) { MPI_Abort(MPI_COMM_WORLD, status); }

/// What a code means, in at most `MPI_MAX_ERROR_STRING` characters.
static inline void cmpi_describe(int code, char text[MPI_MAX_ERROR_STRING]) {
  int length = 0;
  text[0] = 0;
  MPI_Error_string(code, text, &length);
}
