"""A Slurm of its own on this machine: munged, slurmctld and several slurmd, each a logical node of one processor, from
Debian's packages (munge, slurmctld, slurmd, slurm-client), in a folder that is thrown away. Needs root, as slurmd does."""
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue"]


def missing():
    """What keeps a cluster from being started here; empty where nothing does."""
    reasons = [name for name in PROGRAMS if not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
    if os.geteuid() != 0:
        reasons.append("root")
    return reasons


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Cluster:
    def __init__(self, folder, nodes=4):
        self.folder = Path(folder)
        self.nodes = [f"node{i + 1}" for i in range(nodes)]
        self.children = []
        self.environment = dict(os.environ, SLURM_CONF=str(self.folder / "slurm.conf"))
        self.environment["PATH"] += ":/usr/sbin:/sbin"

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        os.chmod(self.folder, 0o755)
        for name in ["state", "spool", "log"]:
            (self.folder / name).mkdir(exist_ok=True)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        munge = self.folder / "munge.socket"
        self.run_in_background(
            "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={munge}",
            f"--pid-file={self.folder}/munged.pid", f"--seed-file={self.folder}/munged.seed",
            f"--log-file={self.folder}/log/munged.log")
        self.wait_until(munge.exists, "munged doesn't answer")
        host = socket.gethostname()
        control, *ports = free_ports(1 + len(self.nodes))
        nodes = "\n".join(
            f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1 RealMemory=2000 State=UNKNOWN"
            for name, port in zip(self.nodes, ports))
        (self.folder / "slurm.conf").write_text(f"""
ClusterName=mmdicom
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control}
AuthType=auth/munge
AuthInfo=socket={munge}
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool/%n
# PMIx's folders of a step have the same name on every node.
TmpFS={self.folder}/tmp/%n
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd.%n.pid
SlurmctldLogFile={self.folder}/log/slurmctld.log
SlurmdLogFile={self.folder}/log/slurmd.%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=30
KillWait=60
JobRequeue=1
SchedulerParameters=sched_min_interval=200000,sched_interval=5,batch_sched_delay=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
{nodes}
PartitionName=spare Nodes=ALL Default=YES MaxTime=INFINITE PriorityTier=1 GraceTime=60 State=UP
PartitionName=urgent Nodes=ALL MaxTime=INFINITE PriorityTier=10 PreemptMode=OFF State=UP
""")
        self.run_in_background("slurmctld", "-D")
        for name in self.nodes:
            for kind in ["spool", "tmp"]:
                (self.folder / kind / name).mkdir(parents=True, exist_ok=True)
            self.run_in_background("slurmd", "-D", "-N", name)
        self.wait_until(
            lambda: self.call("sinfo", "-h", "-N", "-p", "spare", "-o", "%t").split() == ["idle"] * len(self.nodes),
            "the nodes don't come up")

    def run_in_background(self, *command):
        log = open(self.folder / "log" / f"{command[0]}.out", "ab")
        self.children.append(
            subprocess.Popen(command, stdout=log, stderr=log, env=self.environment, start_new_session=True))

    def stop(self):
        if self.children:
            try:
                subprocess.run(["scancel", "--user=root"], env=self.environment, capture_output=True, timeout=30)
            except subprocess.TimeoutExpired:
                pass  # Nobody answers: what is left is ended below.
        for child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in reversed(self.children):
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.children = []

    def call(self, *command, check=False):
        outcome = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if check and outcome.returncode:
            raise RuntimeError(f"{' '.join(command)}: {outcome.stderr.strip()}")
        return outcome.stdout

    def submit(self, *arguments, cwd, **variables):
        environment = dict(self.environment, **variables)
        outcome = subprocess.run(
            ["sbatch", "--parsable", *arguments], env=environment, cwd=cwd, capture_output=True, text=True)
        if outcome.returncode:
            raise RuntimeError(f"sbatch {' '.join(map(str, arguments))}: {outcome.stderr.strip()}")
        return outcome.stdout.strip()

    def field(self, job, name):
        """A field of `scontrol show job`, such as JobState; empty where the job isn't known any more."""
        for word in self.call("scontrol", "show", "job", job, "-o").split():
            if word.startswith(name + "="):
                return word.split("=", 1)[1]
        return ""

    def states(self, job):
        """The states of a job, or of all tasks of an array."""
        return [
            word.split("=", 1)[1] for word in self.call("scontrol", "show", "job", job, "-o").split()
            if word.startswith("JobState=")]

    def wait_for(self, job, seconds=600):
        """Until all tasks of a job have ended; their states."""
        ended = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"}
        self.wait_until(lambda: set(self.states(job)) <= ended, f"job {job} doesn't end", seconds)
        return self.states(job)

    def wait_until(self, is_true, complaint, seconds=60):
        end = time.monotonic() + seconds
        while not is_true():
            if time.monotonic() > end:
                raise RuntimeError(f"{complaint}: see {self.folder}/log")
            time.sleep(0.2)
