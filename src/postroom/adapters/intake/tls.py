"""The STARTTLS certificate: loaded, checked, and loaded again while connections go on."""

import ssl

from postroom.adapters.intake.options import TlsOptions
from postroom.model.errors import ConfigError


class Certificate:
    """A TLS context made from two files, replaced whole when they change; handshakes under way keep theirs."""

    def __init__(self, options: TlsOptions) -> None:
        """Raises `ConfigError` when the files are missing, unreadable, or don't belong together."""
        self._options = options
        self._seen = self._stamp()
        self.context = self._load()

    def reload(self) -> None:
        """Load the files again. Raises `ConfigError`, and keeps what it had, when they can't be used."""
        seen = self._stamp()
        self.context = self._load()
        self._seen = seen

    def changed(self) -> bool:
        """Whether the files differ from those loaded; False while they can't be looked at."""
        return self._stamp() not in (self._seen, ())

    def _stamp(self) -> tuple[int, ...]:
        try:
            stats = [path.stat() for path in (self._options.cert, self._options.key)]
        except OSError:
            return ()
        return tuple(number for stat in stats for number in (stat.st_mtime_ns, stat.st_size, stat.st_ino))

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        try:
            context.load_cert_chain(self._options.cert, self._options.key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"can't use the certificate {self._options.cert} with the key {self._options.key}: {error}; "
                "both must be readable PEM files that belong together"
            ) from error
        return context
