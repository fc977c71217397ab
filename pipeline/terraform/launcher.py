"""Becomes Terraform, tied to the life of the process that asked for it.

Run as a script. When the parent dies, even by SIGKILL, Linux sends this process SIGINT (prctl(2),
PR_SET_PDEATHSIG), upon which Terraform saves its state and frees its lock. Elsewhere there is no such tie.
A script rather than subprocess's ``preexec_fn``, which is not safe where threads run.

It also locks a file for as long as Terraform itself lives: record locks outlast exec(2), but fork(2) does not
inherit them, so that providers which a killed Terraform leaves behind do not keep it (fcntl(2)).
"""

import ctypes
import fcntl
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, hold: str, argv: list[str]) -> None:
    """Replace this process by ``argv``, if ``parent`` still is our parent; ``hold`` is the file to lock."""
    if hold:
        descriptor = os.open(hold, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.lockf(descriptor, fcntl.LOCK_SH)
        os.set_inheritable(descriptor, True)
    # A shell that starts jobs in the background leaves SIGINT ignored, and Terraform would inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(128 + signal.SIGINT)
    os.execvp(argv[0], argv)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
