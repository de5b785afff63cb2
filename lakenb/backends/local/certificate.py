"""A certificate of one run's own, for an embedded AWS that is reached over TLS."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakenb.errors import EnvironmentSetupError

if TYPE_CHECKING:
    from pathlib import Path

_WHERE: Final = "start_emulator(tls=True)"
_DAYS: Final = 7  # a session in a notebook may stay open for days
_SECONDS: Final = 60.0
_LINES_SHOWN: Final = 6
# A configuration of its own: the machine's could add extensions, or make it a certificate authority.
_REQUEST: Final = """\
[req]
prompt = no
distinguished_name = name
x509_extensions = server
[name]
CN = embedded AWS of one local run
[server]
subjectAltName = IP:127.0.0.1, DNS:localhost
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A self-signed certificate and its key.

    Parameters
    ----------
    path
        The certificate (PEM): what a client verifies the server against.
    key
        Its private key (PEM), readable by the user alone.
    """

    path: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    """Make a certificate for 127.0.0.1 and localhost.

    Parameters
    ----------
    folder
        Where its files are put: the run's folder, which goes with the run.

    Raises
    ------
    EnvironmentSetupError
        If there is no ``openssl`` program, or it fails.
    """
    program = shutil.which("openssl")
    if program is None:
        raise EnvironmentSetupError(
            "TLS needs the program openssl, which makes the run's certificate",
            _WHERE,
            "install it: apt-get install openssl",
        )
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    request = folder / "certificate.cnf"
    request.write_text(_REQUEST, encoding="ascii")
    os.close(os.open(made.key, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # before there is anything in it
    command = [program, "req", "-x509", "-config", str(request), "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-nodes", "-sha256", "-days", str(_DAYS),
               "-keyout", str(made.key), "-out", str(made.path)]  # fmt: skip
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(folder)}
    try:
        done = subprocess.run(  # noqa: S603 - openssl with fixed arguments
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            check=False, env=environment, timeout=_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failure(program, str(error)) from error
    if done.returncode:
        raise _failure(program, done.stderr)
    made.key.chmod(0o600)
    return made


def _failure(program: str, said: str) -> EnvironmentSetupError:
    shown = [line for line in said.splitlines() if line.strip()][-_LINES_SHOWN:]
    return EnvironmentSetupError(
        "openssl made no certificate for the run",
        f"{_WHERE} ({program})",
        "\n    ".join(("mend what openssl names; OpenSSL 1.1.1 or newer is needed; it said:", *shown)),
    )
