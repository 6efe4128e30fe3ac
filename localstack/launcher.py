"""Starts MiniStack 1.5.33 with two waits taken out of its Lambda runtime.

Upstream has no setting for either; drop this file when it does.
- Headers and body of an invocation leave in two writes under Nagle's algorithm:
  some 40 ms a call.
- A call waits up to 50 ms for the function's first log line.
"""

import socketserver

from ministack.core import lambda_runtime

socketserver.StreamRequestHandler.disable_nagle_algorithm = True
lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.003, 0.001, 0.250)

from ministack.app import main  # noqa: E402  (after the patch, on purpose)

main()
