"""The patient, the stays, the teams and the devices as FHIR R4 resources.

A stay is an Encounter of class home health, since that is what an Observation can refer to.
"""

from ward.fhir import codes
from ward.fhir.codes import OWN, Resource
from ward.fhir.identifiers import HSA_ID, OWN_PATIENT, personal_identifier
from ward.fhir.observations import device_identity
from ward.record import Answering, Episode, Person, Provider, Worn


def patient(person: Person) -> Resource:
    """Return the Patient."""
    made: Resource = {
        "resourceType": "Patient",
        "id": str(person.patient_id),
        "identifier": [
            personal_identifier(person.personal_number),
            {"system": OWN_PATIENT, "value": str(person.patient_id)},
        ],
        "name": [{"use": "official", "family": person.family_name, "given": [person.given_name]}],
        "gender": person.sex,
        "birthDate": person.birth_date.isoformat(),
        "managingOrganization": codes.reference("Organization", person.organisation_id, person.organisation),
    }
    if person.protected:
        return {**made, **codes.protected()}
    if person.phone:
        made["telecom"] = [{"system": "phone", "value": person.phone}]
    if person.address:
        made["address"] = [{"use": "home", "text": person.address}]
    return made


def organisation(each: Person | Answering | Provider) -> Resource:
    """Return the Organization of a patient or a team, or one of its own."""
    hsa = [{"system": HSA_ID, "value": each.hsa_id}] if each.hsa_id else []
    return {
        "resourceType": "Organization",
        "id": str(each.organisation_id),
        "identifier": [*hsa, {"system": f"{OWN}/organisation", "value": str(each.organisation_id)}],
        "name": each.organisation,
    }


def encounter(stay: Episode, organisation_id: int) -> Resource:
    """Return a stay, for whose data an organisation answers, as an Encounter."""
    made: Resource = {
        "resourceType": "Encounter",
        "id": str(stay.stay_id),
        **codes.meta(stay.mode),
        "status": "in-progress" if stay.ended_at is None else "finished",
        "class": codes.home_health(),
        "type": [codes.concept((f"{OWN}/CodeSystem/programme", stay.programme), text=stay.programme)],
        "subject": codes.reference("Patient", stay.patient_id),
        "period": codes.period(stay.started_at, stay.ended_at),
        "serviceProvider": codes.reference("Organization", organisation_id),
    }
    return {**made, "reasonCode": [codes.concept(text=stay.reason)]} if stay.reason else made


def care_team(team: Answering) -> Resource:
    """Return a team's time of answering for a stay as a CareTeam."""
    made: Resource = {
        "resourceType": "CareTeam",
        "id": f"{team.stay_id}-{team.team_id}-{int(team.started_at.timestamp()) if team.started_at else 0}",
        "status": "active" if team.ended_at is None else "inactive",
        "name": team.team,
        "subject": codes.reference("Patient", team.patient_id),
        "encounter": codes.reference("Encounter", team.stay_id),
        "managingOrganization": [codes.reference("Organization", team.organisation_id)],
        "telecom": [{"system": "phone", "value": team.phone}],
    }
    limits = codes.period(team.started_at, team.ended_at)
    return {**made, "period": limits} if limits else made


def device(worn: Worn) -> Resource:
    """Return a Device; its id is the one under which it publishes."""
    made: Resource = {
        "resourceType": "Device",
        "id": device_identity(worn.device_no, worn.device_id),
        **codes.meta(worn.mode),
        "identifier": [{"system": f"{OWN}/device", "value": worn.device_id}],
    }
    return {**made, "modelNumber": worn.model} if worn.model else made


def device_use(worn: Worn) -> Resource:
    """Return the time in which the patient wore a device as a DeviceUseStatement."""
    return {
        "resourceType": "DeviceUseStatement",
        "id": str(worn.binding_id),
        "status": "active" if worn.ended_at is None else "completed",
        "subject": codes.reference("Patient", worn.patient_id),
        "timingPeriod": codes.period(worn.started_at, worn.ended_at),
        "device": codes.reference("Device", device_identity(worn.device_no, worn.device_id)),
    }
