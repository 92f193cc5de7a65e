import os
import signal
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django_q.cluster import Cluster

from tenants.jobs.supervisor import Supervisor


class Command(BaseCommand):
    """Runs background jobs until SIGTERM or SIGINT, which it obeys within three seconds.

    Two levels: this process supervises and a child, the head of a process group, is django-q2's cluster. A
    job that is interrupted goes on from its checkpoint.
    """

    help = "Run background jobs. Number of processes: WORKER_PROCESSES."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cluster", action="store_true", help="Internal: be the supervised child.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["cluster"]:
            _be_cluster()
        else:
            self.stdout.write("The worker runs. Ctrl-C ends it.")
            Supervisor([sys.executable, sys.argv[0], "worker", "--cluster", "--skip-checks"]).run()


def _be_cluster() -> None:
    parent = os.getppid()
    cluster = Cluster()
    cluster.start()
    # The signal goes to the whole group, so there is nobody left to wait for; django-q2's handler would wait
    # for its sentinel for ever when that died of the signal first.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    # Should the supervisor be killed, the workers must not outlive it.
    while cluster.sentinel.is_alive():
        if os.getppid() != parent:
            os.killpg(0, signal.SIGTERM)
        time.sleep(0.5)
