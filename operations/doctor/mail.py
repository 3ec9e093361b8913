"""
E-mail tasks failing: does the mail server let us in, from whom do letters come, and can they be written?
"""

from email.utils import parseaddr

from django.conf import settings

from notifications.knock import Door, NotLetIn, knock
from notifications.specimens import specimens
from operations.doctor.finding import Finding, Unreachable, note, ok, problem, warning

NOT_OURS = ("localhost", "localhost.localdomain", "example.com", "yourrestaurant.com")

# What is wrong, and what to do; {at} is the mail server.
TROUBLES: dict[Door, tuple[str, str]] = {
    Door.NO_SUCH_HOST: (
        "E-mail tasks fail: {at} cannot be found, there is no such host.",
        "Correct EMAIL_HOST.",
    ),
    Door.REFUSED: (
        "E-mail tasks fail: nobody answers at {at}.",
        "Correct EMAIL_HOST and EMAIL_PORT (587 with EMAIL_USE_TLS=1, 465 with EMAIL_USE_SSL=1), or start the server.",
    ),
    Door.SILENT: (
        "E-mail tasks fail: {at} takes the connection and says nothing.",
        "Port 465 wants EMAIL_USE_SSL=1 and EMAIL_USE_TLS=0; a blocked port 25, 587. Else try a longer --patience.",
    ),
    Door.CERTIFICATE: (
        "E-mail tasks fail: the certificate of {at} is not valid for it ({text}).",
        "Write the name that stands in the certificate into EMAIL_HOST; for a CA of your own set SSL_CERT_FILE.",
    ),
    Door.TLS: (
        "E-mail tasks fail: no TLS comes about with {at} ({text}).",
        "EMAIL_USE_SSL=1 is for port 465, EMAIL_USE_TLS=1 for port 587.",
    ),
    Door.NO_STARTTLS: (
        "E-mail tasks fail: {at} offers no STARTTLS.",
        "Use its port with TLS (587 or 465). Only on this machine EMAIL_USE_TLS=0 is harmless.",
    ),
    Door.NO_LOGIN: (
        "E-mail tasks fail: {at} offers no login on this connection.",
        "It wants TLS first (EMAIL_USE_TLS=1), or no login at all: then leave EMAIL_HOST_USER empty.",
    ),
    Door.LOGIN: (
        "E-mail tasks fail: {at} does not accept our login ({text}).",
        "Correct EMAIL_HOST_USER and EMAIL_HOST_PASSWORD. Gmail wants an app password, not the account's own.",
    ),
    Door.TURNED_AWAY: (
        "E-mail tasks fail: {at} turns us away ({text}).",
        "Its words say why: the sender (DEFAULT_FROM_EMAIL), our address, or too many letters.",
    ),
    Door.OTHER: (
        "E-mail tasks fail: {at} does not let us in ({text}).",
        "Read EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS and EMAIL_USE_SSL letter by letter.",
    ),
}


def lets_us_in(*, patience_seconds: float) -> list[Finding]:
    """
    Reach the mail server, with TLS and login, as a letter would; no letter is sent.
    """
    try:
        inside = knock(within_seconds=patience_seconds)
    except NotLetIn as closed:
        raise Unreachable(_closed(closed)) from closed
    if inside is None:
        return [note("mail server", f"Letters go through {settings.EMAIL_BACKEND}, which is not examined.")]
    how = [
        "with TLS, certificate verified" if inside.encrypted else "without TLS",
        "login accepted" if inside.logged_in else "no login",
    ]
    return [ok("mail server", f"{inside.address} lets us in ({', '.join(how)}). No letter was sent.")]


def login() -> list[Finding]:
    """
    Are user and password both there, and hidden on their way?
    """
    user, password = bool(settings.EMAIL_HOST_USER), bool(settings.EMAIL_HOST_PASSWORD)
    if user is not password:
        said = "Of EMAIL_HOST_USER and EMAIL_HOST_PASSWORD only one is set: we do not log in at all."
        return [problem("login", said, "Set both, or neither.")]
    if user and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        said = "The password goes to the mail server in the clear."
        return [warning("login", said, "Set EMAIL_USE_TLS=1 (port 587) or EMAIL_USE_SSL=1 (port 465).")]
    return [ok("login", "EMAIL_HOST_USER and EMAIL_HOST_PASSWORD go together.")]


def sender() -> list[Finding]:
    """
    Do letters come from an address of ours?
    """
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    remedy = "Set DEFAULT_FROM_EMAIL to an address of your own domain, like orders@your-domain."
    if "@" not in address:
        return [
            problem("sender", "DEFAULT_FROM_EMAIL is no e-mail address: no letter can be written.", remedy)
        ]
    domain = address.rpartition("@")[2]
    if domain in NOT_OURS:
        said = f"Letters come from @{domain}, which is not ours: other mail servers refuse that."
        return [note("sender", said, remedy) if settings.DEBUG else problem("sender", said, remedy)]
    return [ok("sender", f"Letters come from @{domain}.")]


def templates() -> list[Finding]:
    """
    Are all templates there, and can they be filled in?
    """
    broken = [specimen for specimen in specimens() if specimen.trouble]
    remedy = (
        "Restore it from notifications/templates, and look for another of that name in TEMPLATES['DIRS']."
    )
    return [
        problem("templates", f"E-mail tasks fail: {it.template} cannot be filled in. {it.trouble}", remedy)
        for it in broken
    ] or [ok("templates", f"All {len(specimens())} templates are there and can be filled in.")]


def _closed(closed: NotLetIn) -> Finding:
    said, remedy = TROUBLES[closed.door]
    return problem("mail server", said.format(at=closed.address, text=closed), remedy)
