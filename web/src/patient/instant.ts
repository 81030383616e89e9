// The value of an <input type="datetime-local">, which knows no zone, to and from an instant by Stockholm's clock.

import { clockTime, day } from "../clinical/time";
import { instant } from "./charts/wallclock";

export const toField = (at: number | string): string => `${day(at)}T${clockTime(at)}`;

/** Returns the instant of a field as text for the API, null where the field is empty or not whole. */
export function fromField(field: string): string | null {
  const [date = "", time = ""] = field.split("T");
  const [hours, minutes] = time.split(":").map(Number);
  if (!/^\d{4}-\d\d-\d\d$/.test(date) || hours === undefined || minutes === undefined || Number.isNaN(hours + minutes)) return null;
  return new Date(instant(date, hours * 60 + minutes)).toISOString();
}
