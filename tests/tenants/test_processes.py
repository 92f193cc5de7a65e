import signal
import sys
import time

import pytest

from tenants.processes import ProcessGroup, end_all

FAMILY = """
import subprocess, sys, time, signal
{before}
subprocess.Popen([sys.executable, "-c", {child!r}])
print("ready", flush=True)
time.sleep(60)
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


@pytest.mark.parametrize(
    ("before", "child"), [("", "import time; time.sleep(60)"), ("signal.signal(15, signal.SIG_IGN)", DEAF)]
)
def test_a_program_is_ended_with_its_children_also_when_they_do_not_listen(before, child):
    group = ProcessGroup("family", [sys.executable, "-c", FAMILY.format(before=before, child=child)])
    time.sleep(0.7)
    assert group.exit_code is None
    started = time.monotonic()
    end_all([group], patience=0.5)
    assert time.monotonic() - started < 2
    assert group.is_gone


def test_a_group_lives_on_while_a_child_of_the_ended_program_does():
    script = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {DEAF!r}])"
    group = ProcessGroup("orphans", [sys.executable, "-c", script])
    while group.exit_code is None:
        time.sleep(0.05)
    assert not group.is_gone
    group.signal(signal.SIGKILL)
    end_all([group], patience=1)
    assert group.is_gone
