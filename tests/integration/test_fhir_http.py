"""FHIR over HTTP on a real store: what is found, in which pages, by whom, and what is said when not."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import httpx
import psycopg
import pytest

from api.fhir.search import cursor
from tests.fhir_scene import as_somebody, as_two, good, issue, matches, now, rows, score, store, trace, walk
from tests.fix_api import House, alarm, furnish, serving
from tests.fix_store import fresh_database
from tests.fix_ward import admit
from ward.vitals import Validity, VitalKind

PERSONNUMMER = "http://electronichealth.se/identifier/personnummer"
pytestmark = pytest.mark.integration


AT = now()


def ago(minutes: int) -> str:
    """So many minutes before the newest reading, as it is written in an address."""
    return f"{AT - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


async def measured(house: House) -> None:
    """Five minutes of saturation and blood pressure, one pressure alone, a doubtful one, and a score."""
    bed = house.ward.beds[0]
    readings = [
        reading
        for minute in range(5)
        for reading in (
            good(VitalKind.SPO2, 90 + minute, AT - timedelta(minutes=minute)),
            good(VitalKind.SYSTOLIC, 120 + minute, AT - timedelta(minutes=minute)),
            good(VitalKind.DIASTOLIC, 70 + minute, AT - timedelta(minutes=minute)),
        )
    ]
    readings += [
        good(VitalKind.SYSTOLIC, 133, AT - timedelta(hours=1)),
        (VitalKind.HEART_RATE, 60, AT - timedelta(hours=2), Validity.QST),
    ]
    await store(house, bed, readings)
    await score(house, bed, AT - timedelta(minutes=2))


@pytest.fixture(scope="module")
def told(server_url: str, template: str) -> Iterator[House]:
    """A house of which there is something to tell, which no test changes."""

    async def fill(database_url: str) -> House:
        house = await furnish(await admit(database_url, 3))
        await measured(house)
        await trace(house, house.ward.beds[0], AT - timedelta(minutes=10), blocks=4)
        await alarm(house, house.ward.beds[0])
        await store(house, house.stranger, [good(VitalKind.SPO2, 88, AT)])
        await score(house, house.stranger, AT)
        await alarm(house, house.stranger)
        return house

    with fresh_database(server_url, template) as database_url:
        yield asyncio.run(fill(database_url))


def test_pages_are_everything_once(told: House) -> None:
    """Page by page, in either direction and however short, everything of a patient comes once and in order."""

    async def visit(client: httpx.AsyncClient) -> None:
        whole = await walk(client, "/fhir/Observation?patient=1")
        short = await walk(client, "/fhir/Observation?patient=1&_count=2")
        back = await walk(client, "/fhir/Observation?patient=1&_count=3&_sort=date")

        told = [each for page in short for each in page]
        assert len(whole) == 1
        assert told == whole[0]
        assert sorted(told) == sorted(each for page in back for each in page)
        assert len(set(told)) == len(told) == 13
        times = [each["effectiveDateTime"] for each in matches(await client.get("/fhir/Observation?patient=1"))]
        assert times == sorted(times, reverse=True)

    as_somebody(told, "anna", visit)


def test_search_finds_what_it_names(told: House) -> None:
    """By code, category, date, status, device, stay, and how many; a panel is one, and its parts are not alone."""
    asked = {
        "code=85354-9": 5,
        "code=8480-6": 1,
        "combo-code=http://loinc.org|8480-6": 6,
        "code=59408-5": 5,
        "code=http://loinc.org|2708-6,8867-4": 6,
        "category=survey": 1,
        "category=vital-signs": 12,
        "status=preliminary": 1,
        "status=final": 12,
        "status=registered": 0,
        "device=hv-1": 12,
        "device=hv-2": 0,
        "encounter=1": 13,
        "encounter=2": 0,
        f"date=lt{ago(30)}": 2,
        f"date=ge{ago(90)}&date=lt{ago(30)}": 1,
        "_lastUpdated=ge2099": 0,
        "_lastUpdated=lt2099": 13,
    }

    async def visit(client: httpx.AsyncClient) -> None:
        found = {query: len(matches(await client.get(f"/fhir/Observation?patient=1&{query}"))) for query in asked}
        counted = {
            query: (await client.get(f"/fhir/Observation?patient=1&{query}&_summary=count")).json()["total"]
            for query in list(asked)[:10]
        }

        assert found == asked
        assert counted.items() <= asked.items()

    as_somebody(told, "anna", visit)


def test_every_id_leads_back(told: House) -> None:
    """What a search tells, of every sort, is read by its id, with a weak ETag; a part of a pressure has none."""

    async def visit(client: httpx.AsyncClient) -> None:
        span = f"date=ge{ago(11)}&date=lt{ago(0)}"
        asked = [f"{kind}?" for kind in ("Patient", "Encounter", "Organization", "Device", "DeviceMetric")]
        asked += ["Observation?patient=1&", f"Observation?patient=1&category=procedure&{span}&", "DetectedIssue?"]
        for each in asked:
            found = matches(await client.get(f"/fhir/{each}_count=50"))
            assert found, each
            for resource in found[-4:]:
                answer = await client.get(f"/fhir/{resource['resourceType']}/{resource['id']}")
                assert answer.json() == resource, each
                assert answer.headers["etag"] == f'W/"{resource["meta"]["versionId"]}"'
                again = await client.get(str(answer.url), headers={"If-None-Match": answer.headers["etag"]})
                assert (again.status_code, again.content) == (304, b"")
        panel = matches(await client.get("/fhir/Observation?patient=1&code=85354-9&_count=1"))[0]["id"]
        issue(await client.get("/fhir/Observation/" + panel.replace("-bp-", "-6-")), 404)
        assert (await client.get("/fhir/DetectedIssue/1")).headers["last-modified"].endswith("GMT")

    as_somebody(told, "anna", visit)


def test_waveforms_are_sampled_data_of_a_span(told: House) -> None:
    """A piece of an ECG has the numbers that the device sent; they are told of a span that is given, in pages."""

    async def visit(client: httpx.AsyncClient) -> None:
        span = f"date=ge{ago(10)}&date=lt{ago(9)}"
        first = matches(await client.get(f"/fhir/Observation?patient=1&code=131330&{span}&_sort=date"))[0]
        data = first["valueSampledData"]
        pages = await walk(client, f"/fhir/Observation?patient=1&category=procedure&{span}&_count=3")

        assert (data["period"], data["factor"], data["origin"]["code"]) == (4.0, 0.005, "mV")
        assert data["data"].split()[:3] == ["0", "1", "2"]
        assert [len(page) for page in pages] == [3, 3, 2]
        assert len({each for page in pages for each in page}) == 8
        assert issue(await client.get("/fhir/Observation?patient=1&code=131330"), 400)["expression"] == ["date"]
        assert matches(await client.get(f"/fhir/Observation?patient=1&{span}")) == []

    as_somebody(told, "anna", visit)


def test_include_brings_what_is_referred_to(told: House) -> None:
    """The patient, the stay and the device of Observations come along, once each."""

    async def visit(client: httpx.AsyncClient) -> None:
        query = "&".join(f"_include=Observation:{each}" for each in ("subject", "encounter", "device"))
        body = (await client.get(f"/fhir/Observation?patient=1&code=59408-5&{query}")).json()
        included = [each["resource"] for each in body["entry"] if each["search"]["mode"] == "include"]

        assert sorted((each["resourceType"], each["id"]) for each in included) == [
            ("Device", "hv-1"), ("Encounter", "1"), ("Patient", "1"),
        ]  # fmt: skip

    as_somebody(told, "anna", visit)


def test_h06_stranger_is_as_unknown_as_nobody(told: House) -> None:
    """Nothing of another organisation's patient is found, read or counted, nor told from what is not there."""
    stranger = told.stranger

    async def visit(anna: httpx.AsyncClient, elsa: httpx.AsyncClient) -> None:
        number = stranger.patient_id
        theirs = [
            f"/fhir/{each['resourceType']}/{each['id']}"
            for each in matches(await elsa.get(f"/fhir/Observation?patient={number}"))
        ]
        theirs += [f"/fhir/Patient/{number}", f"/fhir/Encounter/{stranger.stay_id}", "/fhir/DetectedIssue/2"]
        theirs += [f"/fhir/Device/{stranger.device_id}", f"/fhir/DeviceMetric/{stranger.device_no}-3"]
        for path in theirs:
            assert (await elsa.get(path)).status_code == 200, path
            missing = await anna.get("/".join([*path.split("/")[:-1], "999999"]))
            assert issue(await anna.get(path), 404) == issue(missing, 404), path
        for query in (f"patient={number}", f"encounter={stranger.stay_id}", f"patient={number}&_summary=count"):
            body = (await anna.get(f"/fhir/Observation?{query}")).json()
            assert (body["total"], "entry" in body) == (0, False), query
        assert str(number) not in [each["id"] for each in matches(await anna.get("/fhir/Patient"))]
        assert matches(await anna.get(f"/fhir/DetectedIssue?patient={number}")) == []

    as_two(told, visit)


def test_personal_number_is_asked_for_in_a_body(told: House) -> None:
    """A patient is found by personal number, OID or URI, over POST; by GET it is refused, and no answer repeats it."""

    async def visit(client: httpx.AsyncClient) -> None:
        for system in (PERSONNUMMER, "urn:oid:1.2.752.129.2.1.3.1"):
            answer = await client.post("/fhir/Patient/_search", data={"identifier": f"{system}|19400101-9801"})
            (found,) = matches(answer)
            assert found["identifier"][0] == {"system": PERSONNUMMER, "value": "194001019801"}
            assert "9801" not in str(answer.json()["link"])
        other = await client.post("/fhir/Patient/_search", data={"identifier": f"{PERSONNUMMER}|194001019899"})
        refused = await client.get("/fhir/Patient", params={"identifier": "194001019801"})
        smuggled = await client.post("/fhir/Patient/_search?identifier=194001019801", data={"_count": "1"})

        assert matches(other) == []
        assert issue(refused, 400)["code"] == "security"
        assert "9801" not in refused.text
        assert issue(smuggled, 400)["code"] == "security"

    as_somebody(told, "anna", visit)


REFUSED = {
    "/fhir/Patient/999": (404, "not-found"),
    "/fhir/Patient/x": (404, "not-found"),
    "/fhir/Observation/1-3-0": (410, "deleted"),
    "/fhir/Medication/1": (404, "not-supported"),
    "/fhir": (405, "not-supported"),
    "/fhir/Patient/1/_history": (404, "not-found"),
    "/fhir/Observation": (403, "too-costly"),
    "/fhir/Observation?patient=1&date=yesterday": (400, "value"),
    "/fhir/Observation?patient=1&_cursor=WzFd": (400, "value"),
    f"/fhir/Observation?patient=1&_cursor={cursor((1 << 61, 0, 1, 6))}": (400, "value"),
    f"/fhir/Observation?patient=1&_cursor={cursor((1, 7, 1, 1 << 61))}": (400, "value"),
    "/fhir/DetectedIssue?code=a%00b": (400, "value"),
    "/fhir/Device?identifier=%00": (400, "value"),
    "/fhir/Patient?_format=xml": (406, "not-supported"),
    "/fhir/AuditEvent": (403, "forbidden"),
}


def test_every_refusal_is_an_operation_outcome(told: House) -> None:
    """What is not there, not any more, not supported or not open is said in FHIR, with its status."""

    async def visit(client: httpx.AsyncClient) -> None:
        for path, (status, code) in REFUSED.items():
            assert issue(await client.get(path), status)["code"] == code, path

    as_somebody(told, "anna", visit)


def test_transport_is_refused_in_fhir_too(told: House) -> None:
    """Without a session, with a wrong body or format, the answer is an OperationOutcome; metadata is open to all."""

    async def whole() -> None:
        async with serving(told.database_url) as served, served.client() as nobody:
            issue(await nobody.get("/fhir/Patient"), 401)
            assert (await nobody.get("/fhir/metadata")).json()["fhirVersion"] == "4.0.1"
            issue(
                await nobody.post("/fhir", content="<Bundle/>", headers={"Content-Type": "application/fhir+xml"}), 415
            )
            issue(await nobody.post("/fhir/Patient/_search", json={}), 401)
            async with served.logged_in("anna") as client:
                issue(await client.post("/fhir/Patient/_search", json={}), 415)
                issue(await client.get("/fhir/Patient", headers={"Accept": "application/fhir+xml"}), 406)
                issue(await client.delete("/fhir/Patient/1"), 405)
                big = b" " * (1 << 20) + b"{}"
                issue(await client.post("/fhir", content=big, headers={"Content-Type": "application/fhir+json"}), 413)

    asyncio.run(whole())


def test_unknown_parameter_is_refused_where_handling_is_strict(told: House) -> None:
    """A parameter that is not known is named beside what was found, or refused where the caller prefers it."""

    async def visit(client: httpx.AsyncClient) -> None:
        lenient = (await client.get("/fhir/Patient?colour=red")).json()["entry"][-1]
        strict = await client.get("/fhir/Patient?colour=red", headers={"Prefer": "handling=strict"})

        assert lenient["search"]["mode"] == "outcome"
        assert issue(strict, 400)["expression"] == ["colour"]

    as_somebody(told, "anna", visit)


def test_operator_sees_devices_and_the_audit_and_no_patient(house: House) -> None:
    """Who keeps devices sees every one of them and what was done, and is refused what is of patients."""

    async def visit(client: httpx.AsyncClient) -> None:
        made = await client.post("/api/devices", json={"device_id": "kit-9", "model": "M1", "mode": "test"})
        assert made.status_code == 201, made.text
        devices = matches(await client.get("/fhir/Device"))
        (event,) = matches(await client.get("/fhir/AuditEvent"))
        for kind in ("Patient", "Encounter", "Observation", "DetectedIssue", "DeviceMetric"):
            issue(await client.get(f"/fhir/{kind}?patient=1"), 403)

        assert {each["id"] for each in devices} == {"hv-1", "hv-2", "hv-3", "hv-9", "kit-9"}
        assert [each for each in devices if "patient" in each] == []
        assert event["subtype"][0]["code"] == "device.added"
        assert (event["action"], event["agent"][0]["who"]["display"]) == ("C", "Oskar Provsson")
        assert (await client.get(f"/fhir/AuditEvent/{event['id']}")).json() == event

    as_somebody(house, "oskar", visit)


def test_h28_what_is_no_real_patient_s_is_marked(house: House) -> None:
    """Observations, alerts and stays of a demo carry the mark of test data; real ones none."""
    asyncio.run(measured(house))
    asyncio.run(alarm(house, house.ward.beds[0]))
    with psycopg.connect(house.database_url) as conn:
        conn.execute("set session_replication_role = replica")  # a stay never changes its mode; this one does
        conn.execute("update stay set mode = 'demo' where stay_id = 1")

    async def visit(client: httpx.AsyncClient) -> None:
        for path in ("Observation?patient=1", "DetectedIssue?patient=1", "Encounter?patient=1"):
            found = matches(await client.get(f"/fhir/{path}"))
            assert found
            assert all(each["meta"]["tag"][0]["code"] == "HTEST" for each in found), path
        other = matches(await client.get("/fhir/Encounter?patient=2"))
        assert "tag" not in other[0]["meta"]

    as_somebody(house, "anna", visit)


def test_h02_what_must_not_be_used_has_no_value(house: House) -> None:
    """An invalid and an implausible reading are there without a value; the implausible one is shown beside."""
    at = now()
    readings = [
        (VitalKind.SPO2, 50.0, at, Validity.INV),
        (VitalKind.TEMPERATURE, 98.6, at, Validity.OFLW),
    ]
    asyncio.run(store(house, house.ward.beds[0], readings))

    async def visit(client: httpx.AsyncClient) -> None:
        found = {each["code"]["text"]: each for each in matches(await client.get("/fhir/Observation?patient=1"))}
        for each in found.values():
            assert "valueQuantity" not in each
            assert each["dataAbsentReason"]["coding"][0]["code"] == "error"
        told = {each["url"].rpartition("/")[2]: each for each in found["temperature"]["extension"]}
        assert told["implausible"]["valueQuantity"]["value"] == 98.6
        assert told["validity"]["valueCode"] == "oflw"

    as_somebody(house, "anna", visit)


def test_look_by_fhir_is_in_the_log(house: House) -> None:
    """Whoever reads a patient by FHIR is in the log of who looked, by the route and for whom."""
    asyncio.run(measured(house))

    async def visit(client: httpx.AsyncClient) -> None:
        await client.get("/fhir/Observation?patient=1&_count=1")
        await client.get("/fhir/Patient/2")
        await client.get("/fhir/Patient/999")

    as_somebody(house, "anna", visit)

    assert rows(house, "select path, patient_ids from access_entry order by access_id") == [
        ("/fhir/Observation", [1]),
        ("/fhir/Patient/{id}", [2]),
    ]
