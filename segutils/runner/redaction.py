"""Secrets never reach a notebook, a log or the manifest: their values are replaced before writing."""

import json
import os
import re
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from segutils.runner.execute import Redact


def redactor(engagement: Any) -> Redact:
    """A function that replaces every secret's value in a text by its reference.

    Parameters
    ----------
    engagement : JSON values
        The engagement file's content; secrets in it are references such as ``env:SHOP_URL``.

    Returns
    -------
    callable
        Text → text. A URL's password is replaced on its own too, also where it is written percent-encoded.
    """
    spellings: dict[str, str] = {}
    for name in sorted(set(re.findall(r"env:([A-Za-z_]\w*)", json.dumps(engagement)))):
        value = os.environ.get(name, "")
        password = urlsplit(value).password if "://" in value else None
        for secret in (value, password, unquote(password or ""), quote(password or "", safe="")):
            if secret:
                spellings[secret] = f"env:{name}"
                spellings[json.dumps(secret)[1:-1]] = f"env:{name}"
    ordered = sorted(spellings, key=len, reverse=True)

    def redact(text: str) -> str:
        for secret in ordered:
            text = text.replace(secret, spellings[secret])
        return text

    return redact
