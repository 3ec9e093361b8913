"""
One SMTP conversation, and the places in it where things can be broken on purpose.
"""

import asyncio
import hmac
import ssl
import warnings
from typing import Any, AnyStr

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from devtools.mailbox.clerk import Clerk
from devtools.mailbox.faults import Phase
from devtools.mailbox.options import MailboxOptions

# A login without TLS is what some tests ask for; the mailbox listens on this machine only.
warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS", category=UserWarning)


class Conversation(SMTP):
    """
    An SMTP server side that meets the faults at the banner and at DATA, and hangs up after every 421.
    """

    def __init__(
        self,
        clerk: Clerk,
        *,
        options: MailboxOptions,
        tls_context: ssl.SSLContext | None,
        open_lines: "set[Conversation]",
    ) -> None:
        super().__init__(
            clerk,
            hostname="mailbox.localhost",
            ident="devtools mailbox",
            enable_SMTPUTF8=True,
            loop=asyncio.get_running_loop(),
            tls_context=tls_context,
            auth_required=options.asks_for_login,
            auth_require_tls=tls_context is not None or not options.asks_for_login,
            authenticator=login_check(options),
        )
        self._clerk = clerk
        self._open_lines = open_lines
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """
        Begin, or begin anew after STARTTLS.
        """
        self._open_lines.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """
        End.
        """
        self._open_lines.discard(self)
        super().connection_lost(error)

    async def push(self, status: AnyStr) -> None:
        """
        Answer the client. The first answer is the banner, so here the `connect` faults strike.
        """
        if not self._greeted:
            self._greeted = True
            refusal = await self._clerk.meet_faults(self, Phase.CONNECT)
            if refusal is not None:
                await super().push(refusal)
                self.hang_up()
                return
        await super().push(status)
        if str(status).startswith("421"):  # RFC 5321, 3.8: after 421 the server closes the channel
            self.hang_up()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """
        Take the body, unless a `data` fault strikes before 354.
        """
        refusal = None
        if self.envelope is not None and self.envelope.rcpt_tos:
            refusal = await self._clerk.meet_faults(self, Phase.DATA, self.envelope.rcpt_tos)
        if refusal is None:
            await super().smtp_DATA(arg)
        else:
            await self.push(refusal)

    def hang_up(self) -> None:
        """
        Close after what was written has been sent.
        """
        if self.transport is not None:
            self.transport.close()

    def cut(self) -> None:
        """
        Cut the line: nothing more is sent.
        """
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()


def login_check(options: MailboxOptions) -> Any:
    def check(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, auth_data: Any
    ) -> AuthResult:
        if not options.asks_for_login:
            return AuthResult(success=True, auth_data=auth_data)
        if not isinstance(auth_data, LoginPassword):
            return AuthResult(success=False, handled=False)
        right = hmac.compare_digest(auth_data.login, str(options.user).encode()) and hmac.compare_digest(
            auth_data.password, str(options.password).encode()
        )
        return AuthResult(success=right, handled=False, auth_data=auth_data)

    return check
