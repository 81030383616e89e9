"""`hemvakt account`: a way back in from the machine's own command line."""

import os
import subprocess
import sys

from onebox.environment import PROJECT
from tests.fix_api import House, Served
from tests.integration.test_api_http import as_anybody, assert_problem
from tests.integration.test_log_in import NEW, asked, log_in


def run(house: House, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command on the house's store."""
    environment = {**os.environ, "HEMVAKT_DATABASE_URL": house.database_url}  # noqa: TID251 - handed on
    command = [sys.executable, str(PROJECT / "hemvakt.py"), "account", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_password_from_the_command_line_is_good_for_its_own_change(house: House) -> None:
    """It is printed once, ends what was open, lets in to its change alone, and is in the audit."""

    async def visit(served: Served) -> None:
        async with served.logged_in("anna") as client:
            printed = run(house, "reset", "anna").stdout
            password = printed.partition("password ")[2].partition(",")[0]
            assert_problem(await client.get("/api/session"), 401)
            assert (await log_in(client, "anna", password)).json()["must_change_password"] is True
            assert assert_problem(await client.get("/api/patients"), 403)["must"] == "change_password"
            done = await client.post("/api/session/password", json={"old": password, "new": NEW})
            assert done.status_code == 204
            assert (await client.get("/api/patients")).status_code == 200
        reasons = asked(house, "select reason from audit where action = 'password.reset_given'")
        assert reasons == [("on the machine's own command line",)]

    as_anybody(house.database_url, visit)


def test_account_is_listed_and_shut(house: House) -> None:
    """The list says who is shut; a name that nobody has is said to be that."""
    before = run(house, "list").stdout.splitlines()
    shut = run(house, "disable", "elsa")
    after = run(house, "list").stdout.splitlines()
    unknown = run(house, "reset", "ingen")

    assert "elsa  nurse" in before
    assert shut.stdout.strip() == "elsa is shut"
    assert "elsa  nurse  disabled" in after
    assert unknown.returncode == 2
    assert "No open account has the user name 'ingen'" in unknown.stderr
