"""Alarms about the heart's rhythm, checked across all channels before they may speak.

Not here: who is told and when. A pure function of the seconds before the alarm. The invariant: missing a true alarm
costs more than a false one, so an alarm speaks unless a channel of good quality contradicts it; a channel that is bad,
missing or silent can never silence an alarm.
"""
