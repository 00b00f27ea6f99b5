#!/usr/bin/env python3
"""A storage SCU by pynetdicom: python user.py PORT TITLE FILE... [--event UID:UID] [--certificate FILE --authority FILE]

Sends each file in its own transfer syntax, over as many associations at a time as --associations says, or an event report
of storage commitment. Prints a line for each answer. Each association has a process of its own."""
import argparse
import multiprocessing
import ssl
import sys

from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE, build_role
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance, Verification

parser = argparse.ArgumentParser()
parser.add_argument("port", type=int)
parser.add_argument("title")
parser.add_argument("files", nargs="*")
parser.add_argument("--calling", default="PYNETDICOM")
parser.add_argument("--associations", type=int, default=1)
parser.add_argument("--event")
parser.add_argument("--certificate")
parser.add_argument("--authority")
options = parser.parse_intermixed_args()


def say(text):
    # In one piece, whoever else writes.
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def tls():
    if not options.authority:
        return None
    context = ssl.create_default_context(cafile=options.authority)
    if options.certificate:
        context.load_cert_chain(options.certificate)
    return context, "localhost"


def associate(node, **more):
    other = node.associate("127.0.0.1", options.port, ae_title=options.title, tls_args=tls(), **more)
    if not other.is_established:
        say("no association: " + ("rejected" if other.is_rejected else "aborted"))
        sys.exit(1)
    take_answers_oneself(other)
    return other


def take_answers_oneself(other):
    """Keeps pynetdicom's own thread from taking an answer away.

    An association's thread (Association._run_reactor) looks for requests of the peer, and is stopped while one waits for an
    answer. In 3.0.4 a busy machine lets it pass its checkpoint just before it is stopped, and look only when the answer has
    come: it takes that for a request and drops it, and the caller waits for its 30 s in vain. Seen against DCMTK's storescp:
    2 of 1,500 echoes beside a thread that computes, none of 1,500 in this way. Nobody asks this side for anything, so
    that thread has nothing to look for."""
    messages = other.dimse.get_msg
    other.dimse.get_msg = lambda block=False: messages(block) if block else (None, None)


def send(files):
    node = AE(options.calling)
    for sop, syntax in {(f.SOPClassUID, f.file_meta.TransferSyntaxUID) for _, f in files}:
        node.add_requested_context(sop, syntax)
    node.add_requested_context(Verification)
    other = associate(node)
    say(f"echo {other.send_c_echo().Status:04X}")
    for path, data in files:
        answer = other.send_c_store(data)
        say(f"{data.SOPInstanceUID} {answer.Status:04X}" if answer else f"{data.SOPInstanceUID} nothing")
    other.release()


def event():
    transaction, instance = options.event.split(":")
    node = AE(options.calling)
    node.add_requested_context(StorageCommitmentPushModel)
    other = associate(node, ext_neg=[build_role(StorageCommitmentPushModel, scp_role=True)])
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", instance
    failed = Dataset()
    failed.ReferencedSOPClassUID, failed.ReferencedSOPInstanceUID = item.ReferencedSOPClassUID, instance + ".1"
    failed.FailureReason = 0x0112
    data = Dataset()
    data.TransactionUID, data.ReferencedSOPSequence, data.FailedSOPSequence = transaction, [item], [failed]
    answer, _ = other.send_n_event_report(
        data, 2, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
    say(f"event {answer.Status:04X}")
    other.release()


if options.event:
    event()
else:
    loaded = [(path, dcmread(path)) for path in options.files]
    senders = [
        multiprocessing.Process(target=send, args=(loaded[n::options.associations],)) for n in range(options.associations)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    sys.exit(any(sender.exitcode for sender in senders))
