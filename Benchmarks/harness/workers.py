"""Programs that answer each line of words with one line of JSON."""

import json
import subprocess


class WorkerError(Exception):
    """What a worker could not do, in its own words."""


class Worker:
    """A process that stays for all measurements, so that it is warm and its buffers are where they were."""

    def __init__(self, name, command, **options):
        self.name = name
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, **options
        )

    def ask(self, *words):
        """Sends a line and waits for its answer."""
        try:
            self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            status = self.process.wait()
            raise WorkerError(f"{self.name} ended (status {status}) at: {' '.join(str(word) for word in words)}")
        reply = json.loads(line)
        if "error" in reply:
            raise WorkerError(reply["error"])
        return reply

    def close(self):
        try:
            self.process.communicate(timeout=10)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self.process.kill()
