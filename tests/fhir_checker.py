"""Whether a resource is FHIR R4: judged by HL7's own definitions, as published, and by nothing of ours.

Three judges: the JSON schema; the resource definitions (required elements and bindings, what a reference may lead to);
and what a profile that the resource claims fixes of codes and units. They come with `tests/fhir_definitions`.
FHIRPath constraints are not judged.
"""

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import orjson

FOLDER = Path(__file__).parent / "fhir_definitions"
R4 = FOLDER / "node_modules" / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
# Types that we write, of the 146 that there are; of the others nothing is kept in memory.
TYPES = frozenset(
    (
        *("Patient", "Encounter", "Organization", "CareTeam", "Device", "DeviceUseStatement", "DeviceMetric"),
        *("Observation", "DetectedIssue", "AuditEvent", "Bundle", "OperationOutcome", "CapabilityStatement"),
    )
)
# Value sets that are defined by other documents than lists of codes, and what stands for them here.
OPEN_ENDED = frozenset({"http://hl7.org/fhir/ValueSet/mimetypes", "http://hl7.org/fhir/ValueSet/all-languages"})
Resource = Mapping[str, Any]
Element = dict[str, Any]


def faults(resource: Resource) -> list[str]:
    """Return everything that is wrong with a resource; nothing where it is FHIR R4."""
    kind = resource["resourceType"]
    found = [f"{error.json_path}: {error.message[:200]}" for error in _validator(kind).iter_errors(resource)]
    found += _elements_faults(kind, kind, resource)
    for profile in resource.get("meta", {}).get("profile", ()):
        found += _profile_faults(_profiles()[profile], "Observation", resource)
    return found


def _read(name: str) -> Any:
    return orjson.loads((R4 / name).read_bytes())


@functools.cache
def _validator(kind: str) -> jsonschema.Draft7Validator:
    """Return the schema of one type, made once: where all 146 are tried, nearly all the time goes to the wrong ones."""
    return jsonschema.Draft7Validator({"$ref": f"#/definitions/{kind}", "definitions": _schema()})


@functools.cache
def _schema() -> dict[str, Any]:
    """Return the definitions of the schema; what a Bundle holds is judged by itself."""
    definitions: dict[str, Any] = _read("fhir.schema.json")["definitions"]
    return definitions | {"ResourceList": {"type": "object", "required": ["resourceType"]}}


@functools.cache
def _definitions() -> dict[str, dict[str, Element]]:
    """Return the elements below every path of a type: `Observation` → `status` → its definition."""
    found: dict[str, dict[str, Element]] = {}
    for name in ("profiles-types.json", "profiles-resources.json"):
        for entry in _read(name)["entry"]:
            each = entry["resource"]
            if each["resourceType"] != "StructureDefinition" or each.get("derivation") == "constraint":
                continue
            if name == "profiles-resources.json" and each["name"] not in TYPES:
                continue
            for element in each["snapshot"]["element"][1:]:
                parent, _, last = element["path"].rpartition(".")
                found.setdefault(parent, {})[last] = element
    return found


def _elements_faults(path: str, where: str, value: Resource) -> Iterator[str]:
    """Yield what is wrong below an element of the type, or of the backbone element, at `path`."""
    for name, element in _definitions().get(path, {}).items():
        given = {key: value[key] for key in value if _suffix(key, name) is not None}
        if element["min"] and not given:
            yield f"{where}.{name} is required"
        for key, content in given.items():
            for each in _listed(content):
                yield from _value_faults(f"{path}.{name}", f"{where}.{key}", element, str(_suffix(key, name)), each)


def _suffix(key: str, name: str) -> str | None:
    """Return the type that a key names of a choice, "" where there is none to choose; None for another element."""
    if not name.endswith("[x]"):
        return "" if key == name else None
    base = name[:-3]
    return key[len(base) :] if key.startswith(base) and key[len(base) : len(base) + 1].isupper() else None


def _value_faults(path: str, where: str, element: Element, chosen: str, value: Any) -> Iterator[str]:
    if "contentReference" in element:
        yield from _elements_faults(element["contentReference"].removeprefix("#"), where, value)
        return
    types = [each for each in element["type"] if not chosen or each["code"].lower() == chosen.lower()]
    if not types:
        yield f"{where}: {chosen} is none of its types"
        return
    kind = types[0]["code"]
    yield from _binding_faults(where, element, value)
    if kind == "Reference":
        yield from _reference_faults(where, types[0], value)
    if kind == "Resource":
        yield from (f"{where}: {fault}" for fault in faults(value))
    elif kind in {"BackboneElement", "Element"}:
        yield from _elements_faults(path, where, value)
    elif isinstance(value, dict):
        yield from _elements_faults(kind, where, value)


def _reference_faults(where: str, kind: Element, value: Resource) -> Iterator[str]:
    target = value.get("reference", "").partition("/")[0]
    allowed = {each.rpartition("/")[2] for each in kind.get("targetProfile", ())}
    if target and "Resource" not in allowed and allowed and target not in allowed:
        yield f"{where} leads to a {target}, and may to {sorted(allowed)}"


def _binding_faults(where: str, element: Element, value: Any) -> Iterator[str]:
    """Yield the code that is not of the value set where the binding is required."""
    binding = element.get("binding", {})
    if binding.get("strength") != "required" or "valueSet" not in binding:
        return
    url = binding["valueSet"].partition("|")[0]
    if url in OPEN_ENDED:
        return
    codes = value_set(url)
    given = {value} if isinstance(value, str) else {each.get("code") for each in value.get("coding", [value])}
    if not given & codes:
        yield f"{where}: {sorted(map(str, given))} is not in {url}"


@functools.cache
def _terminology() -> dict[str, Element]:
    """Return every value set and code system by its address."""
    return {each["resource"]["url"]: each["resource"] for each in _read("valuesets.json")["entry"]}


@functools.cache
def value_set(url: str) -> frozenset[str]:
    """Return the codes of a value set; a way to define one that is not known here is an error, not an empty set."""
    return frozenset(code for include in _terminology()[url]["compose"]["include"] for code in _included(include))


def _included(include: Element) -> Iterator[str]:
    assert "filter" not in include, f"{include['system']} is filtered"
    if "concept" in include:
        yield from (each["code"] for each in include["concept"])
    elif "system" in include:
        yield from names(include["system"])
    for other in include.get("valueSet", ()):
        yield from value_set(other)


@functools.cache
def names(system: str) -> Mapping[str, str]:
    """Return the codes of a code system, and what it calls them."""
    found: dict[str, str] = {}
    left = list(_terminology()[system].get("concept", ()))
    while left:
        concept = left.pop()
        found[concept["code"]] = concept.get("display", "")
        left += concept.get("concept", ())
    return found


@functools.cache
def _profiles() -> dict[str, dict[str, Element]]:
    """Return the elements of every profile of a vital sign, by their ids."""
    found = (entry["resource"] for entry in _read("profiles-others.json")["entry"])
    return {
        each["url"]: {element["id"]: element for element in each["snapshot"]["element"]}
        for each in found
        if each["resourceType"] == "StructureDefinition" and each["type"] == "Observation"
    }


def _profile_faults(profile: Mapping[str, Element], path: str, value: Any) -> list[str]:
    """Return where a value is not as a profile has it below `path`: what is required, and what is fixed."""
    found: list[str] = []
    for identity, element in profile.items():
        parent, _, last = identity.rpartition(".")
        if parent != path or not isinstance(value, dict):
            continue
        name, _, part = last.partition(":")
        given = [each for key in value if _is_meant(key, name, part) for each in _listed(value[key])]
        if part and not name.endswith("[x]"):
            given = [each for each in given if not _profile_faults(profile, identity, each)]
        if element["min"] and not given:
            found.append(f"{identity} is required")
        fixed = [element[key] for key in element if key.startswith("fixed")]
        found += [f"{identity} is {each!r}" for each in given for wanted in fixed if each != wanted]
        found += [fault for each in given for fault in _binding_faults(identity, element, each)]
        found += [fault for each in given for fault in _profile_faults(profile, identity, each)]
    return found


def _is_meant(key: str, name: str, part: str) -> bool:
    """Tell whether a key is the element of this name; of a choice, a slice is named after the key itself."""
    return _suffix(key, name) is not None and (not part or not name.endswith("[x]") or key == part)


def _listed(content: Any) -> list[Any]:
    return content if isinstance(content, list) else [content]
