// The shapes of the patient's page by the names that it uses; they come from the OpenAPI document.

import type { components } from "../api/schema";

type Shapes = components["schemas"];

export type LimitSteps = Shapes["LimitsState"];
export type LimitStep = LimitSteps["steps"][number];
export type Channels = Shapes["ChannelsState"];
export type Channel = Channels["channels"][number];
export type Cells = Shapes["CellsState"];
export type Cell = Cells["cells"][number];
export type Waveforms = Shapes["WaveformsState"];
export type TraceOf = Waveforms["traces"][number];

export type Entry = Shapes["TimelineEvent"];
export type EventKind = Entry["kind"];
export type EventPage = Shapes["EventPage"];
export type EntryBody = Shapes["NoteBody"] | Shapes["VisitBody"] | Shapes["MarkBody"] | Shapes["MedicationBody"];
export type MedicationBody = Shapes["MedicationBody"];
export type DrugClass = MedicationBody["drug_class"];
export type Change = MedicationBody["change"];
export type ReadingsBody = Shapes["ReadingsBody"];

export type Effect = Shapes["EffectPage"];
export type EffectOf = Shapes["EffectState"];
export type Side = NonNullable<EffectOf["before"]>;
export type Report = Shapes["ReportState"];

export type Plan = Shapes["PatientPlan"];
export type Field = Plan["fields"][number];
export type Version = Plan["awaiting"][number];
export type NextStep = Shapes["NextStepState"];
export type StepBody = Shapes["StepBody"];
export type Measuring = Shapes["MeasuringState"];
export type Home = Shapes["HomeState"];
export type Seen = Shapes["SeenState"];

export type DeviceRow = Shapes["DevicePage"]["items"][number];
export type Binding = Shapes["BindingState"];
export type Proposal = Shapes["ProposalState"];
export type SecondIdentifier = Shapes["SecondIdentifier"];

export type Responsibility = Shapes["ResponsibilityState"];
export type DutyCell = Responsibility["ahead"][number];
export type Teams = Shapes["TeamList"];

export type Consent = Shapes["ConsentState"];
export type Block = Shapes["BlockState"];
export type Unit = Shapes["BlockableState"];
export type Relative = Shapes["RelativeState"];
export type Opening = Shapes["OpeningState"];
export type Whose = Shapes["Whose"];
export type AmbulanceLink = Shapes["AmbulanceLink"];
export type AmbulanceLinkMade = Shapes["AmbulanceLinkMade"];
export type Access = Shapes["AccessState"];
