// Every word of the page, in every language. Each part has its own `words.ts`; a key that one language lacks does not
// compile, and a key that two parts have does not pass the test beside this file.

import type { Language } from "../api/types";
import * as alerts from "../alerts/words";
import * as board from "../board/words";
import * as home from "../home/words";
import * as login from "../login/words";
import * as operator from "../operator/words";
import * as patient from "../patient/words";
import * as round from "../round/words";
import * as tuning from "../tuning/words";
import * as refused from "../shell/words_refused";
import * as ways from "../shell/words_ways";
import * as core from "./core";

const sv = { ...core.sv, ...refused.sv, ...alerts.sv, ...board.sv, ...home.sv, ...login.sv, ...operator.sv, ...patient.sv, ...round.sv, ...tuning.sv, ...ways.sv } as const;
const en = { ...core.en, ...refused.en, ...alerts.en, ...board.en, ...home.en, ...login.en, ...operator.en, ...patient.en, ...round.en, ...tuning.en, ...ways.en } as const;

export const PARTS = [core, refused, alerts, board, home, login, operator, patient, round, tuning, ways] as const;

export type Key = keyof typeof sv;
export type Catalogue = Readonly<Record<Key, string>>;

export const CATALOGUES: Readonly<Record<Language, Catalogue>> = { sv, en };
