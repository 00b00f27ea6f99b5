#!/usr/bin/env python3
"""A storage SCP by pynetdicom: python provider.py PORT FOLDER [--statuses LIST] [--commit same|HOST:PORT:TITLE] [--only UID]...

Writes what it gets into FOLDER and answers by the statuses of LIST (hexadecimal, separated by commas) in turn. With
--commit it answers an N-ACTION of storage commitment by an event report, on the same association or to another node; what
it doesn't have fails. A file "released" or "aborted" in FOLDER says how an association ended. Says "ready" once it
listens."""
import argparse
import os
import ssl
import threading

from pydicom.dataset import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, build_role, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance, Verification

parser = argparse.ArgumentParser()
parser.add_argument("port", type=int)
parser.add_argument("folder")
parser.add_argument("--statuses", default="0000")
parser.add_argument("--commit")
parser.add_argument("--syntax", action="append", default=[])
parser.add_argument("--delay", type=float, default=0)
parser.add_argument("--certificate")
parser.add_argument("--authority")
parser.add_argument("--callers", help="a file that names the implementations of those that call")
options = parser.parse_args()
statuses = [int(text, 16) for text in options.statuses.split(",")]
have, count = set(), 0


def store(event):
    global count
    threading.Event().wait(options.delay)
    status = statuses[count % len(statuses)]
    count += 1
    data = event.dataset
    data.file_meta = event.file_meta
    data.save_as(os.path.join(options.folder, data.SOPInstanceUID + ".dcm"), enforce_file_format=True)
    if status == 0:
        have.add(data.SOPInstanceUID)
    answer = Dataset()
    answer.Status = status
    if status:
        answer.ErrorComment = "no\x1b[31m thanks"
    return answer


def report(information):
    result = Dataset()
    result.TransactionUID = information.TransactionUID
    result.ReferencedSOPSequence = [i for i in information.ReferencedSOPSequence if i.ReferencedSOPInstanceUID in have]
    failed = [i for i in information.ReferencedSOPSequence if i.ReferencedSOPInstanceUID not in have]
    for item in failed:
        item.FailureReason = 0x0112
    if failed:
        result.FailedSOPSequence = failed
    return result, 2 if failed else 1


def action(event):
    result, kind = report(event.action_information)

    def answer():
        threading.Event().wait(0.2)
        if options.commit == "same":
            event.assoc.send_n_event_report(
                result, kind, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
            return
        host, port, title = options.commit.split(":")
        node = AE("PACS")
        node.add_requested_context(StorageCommitmentPushModel)
        other = node.associate(
            host, int(port), ae_title=title, ext_neg=[build_role(StorageCommitmentPushModel, scp_role=True)])
        other.send_n_event_report(result, kind, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
        other.release()

    threading.Thread(target=answer).start()
    return 0x0000, None


def called(event):
    if options.callers:
        caller = event.assoc.requestor
        with open(options.callers, "a") as file:
            file.write(f"{caller.implementation_class_uid} {caller.implementation_version_name}\n")


def ended(how):
    def note(event):
        open(os.path.join(options.folder, how), "a").close()

    return note


node = AE("PACS")
for context in AllStoragePresentationContexts:
    if options.syntax:
        node.add_supported_context(context.abstract_syntax, options.syntax)
    else:
        node.add_supported_context(context.abstract_syntax)
node.add_supported_context(Verification)
node.add_supported_context(StorageCommitmentPushModel)
context = None
if options.certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate)
    context.load_verify_locations(options.authority)
    context.verify_mode = ssl.CERT_REQUIRED
server = node.start_server(
    ("127.0.0.1", options.port), block=False, ssl_context=context,
    evt_handlers=[(evt.EVT_C_STORE, store), (evt.EVT_N_ACTION, action), (evt.EVT_ACCEPTED, called),
                  (evt.EVT_RELEASED, ended("released")), (evt.EVT_ABORTED, ended("aborted"))])
print("ready", flush=True)
threading.Event().wait()
