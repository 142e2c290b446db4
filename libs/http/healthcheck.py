"""`python -m libs.http.healthcheck URL`: exit status 0 if the URL answers 200. A health check without curl."""

import sys
from urllib.error import URLError
from urllib.request import urlopen

TIMEOUT = 3.0


def main() -> int:
    try:
        with urlopen(sys.argv[1], timeout=TIMEOUT) as answer:  # noqa: S310 - the address is the compose file's own.
            return 0 if answer.status == 200 else 1  # noqa: PLR2004 - the one good status.
    except (URLError, TimeoutError) as error:
        print(error)  # noqa: T201 - `docker inspect` shows it.
        return 1


if __name__ == "__main__":
    sys.exit(main())
