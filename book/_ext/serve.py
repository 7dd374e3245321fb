"""Serve the built book on this machine: `python book/_ext/serve.py [port]`."""

import errno
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGES = Path(__file__).resolve().parents[2] / "_build" / "html"


class Server(ThreadingHTTPServer):
    """A server that never shares its port with another."""

    allow_reuse_address = sys.platform != "win32"  # on Windows it would allow sharing
    daemon_threads = True


class Handler(SimpleHTTPRequestHandler):
    """Serves files and keeps quiet about it."""

    def log_message(self, *args) -> None:
        """Print nothing per request."""


def start(pages: Path, port: int) -> Server:
    """Return a server of a folder, bound to 127.0.0.1; port 0 picks a free one."""
    return Server(("127.0.0.1", port), partial(Handler, directory=str(pages)))


def main() -> None:
    """Serve the book until interrupted."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    if not (PAGES / "index.html").exists():
        sys.exit(f"There is no book in {PAGES}. Build it first: make html")
    try:
        server = start(PAGES, port)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        sys.exit(f"Port {port} is in use. Choose another one: make book PORT={port + 1}")
    print(f"The book is at http://127.0.0.1:{port} (stop with Ctrl-C)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
