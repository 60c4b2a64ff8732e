"""Importing this imports all that making packs imports only when at work: for processes that start ahead."""

from segutils.runner.startup import import_ahead

import_ahead(["from segutils.packs import rendering"])
