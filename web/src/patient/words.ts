// The words of a patient's page, gathered from its parts.

import * as access from "./words/access";
import * as alerts from "./words/alerts";
import * as care from "./words/care";
import * as charts from "./words/charts";
import * as page from "./words/page";
import * as timeline from "./words/timeline";

export const sv = { ...page.sv, ...charts.sv, ...alerts.sv, ...timeline.sv, ...care.sv, ...access.sv } as const;

export const en: Readonly<Record<keyof typeof sv, string>> = { ...page.en, ...charts.en, ...alerts.en, ...timeline.en, ...care.en, ...access.en };
