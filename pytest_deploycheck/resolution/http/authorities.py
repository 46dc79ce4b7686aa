"""Whom TLS believes: pip's certificate authorities, a client's own certificate, and trusted hosts."""

from __future__ import annotations

import os
import platform
import ssl
import threading

import certifi

from pytest_deploycheck.resolution.http.answer import Fault


class Authorities:
    """The authorities that pip believes: those of a bundle, those of the system, and certifi's.

    Each of these takes about 20 ms to load, so the first one is alone until it does not know a certificate.

    :param bundle: a file, or a folder as OpenSSL has it
    :param client_cert: a file with a client's certificate and key
    """

    def __init__(self, bundle: str | None, client_cert: str | None) -> None:
        self._bundle = bundle
        self._client_cert = client_cert
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self.are_complete = False

    def context(self, *, verified: bool) -> ssl.SSLContext:
        """One for all connections, and another for those to trusted hosts: what it verifies is a property of it.

        :raises Fault: the bundle or the client's certificate cannot be read
        """
        with self._lock:
            if verified not in self._contexts:
                self._contexts[verified] = self._verifying() if verified else self._trusting()
            return self._contexts[verified]

    def complete(self) -> None:
        """Believe all of them from now on."""
        context = self.context(verified=True)
        with self._lock:
            if not self.are_complete:
                context.load_default_certs()
                context.load_verify_locations(certifi.where())
                self.are_complete = True

    def _verifying(self) -> ssl.SSLContext:
        # Not ssl.create_default_context(), nor urllib3's: since Python 3.13 they refuse authorities that pip accepts.
        context = self._with_client_cert(_keychain() or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        if not self._bundle:
            context.load_default_certs()
            return context
        is_folder = os.path.isdir(self._bundle)
        try:
            context.load_verify_locations(**{"capath" if is_folder else "cafile": self._bundle})
        except OSError as error:
            names = "PIP_CERT, REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE"
            raise Fault(f"no certificates can be read from {self._bundle} ({names} names it)", None) from error
        return context

    def _trusting(self) -> ssl.SSLContext:
        context = self._with_client_cert(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def _with_client_cert(self, context: ssl.SSLContext) -> ssl.SSLContext:
        if self._client_cert:
            try:
                # An empty password, so that an encrypted key is an error and not a question on the terminal.
                context.load_cert_chain(self._client_cert, password="")
            except OSError as error:
                message = f"no certificate with its key can be read from {self._client_cert} (PIP_CLIENT_CERT names it)"
                raise Fault(message, None) from error
        return context


def _keychain() -> ssl.SSLContext | None:
    """macOS keeps its authorities where OpenSSL cannot find them; pip reads them with truststore too."""
    if platform.system() != "Darwin":
        return None
    import truststore

    context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return context
